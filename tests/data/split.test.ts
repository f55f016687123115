import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";

const numbered = (length: number, label: (i: number) => string = () => "x") =>
  Dataset.from({
    id: Array.from({ length }, (_, i) => i),
    label: Array.from({ length }, (_, i) => label(i)),
  });
const share = (dataset: Dataset<{ id: number; label: string }>, label: string) =>
  dataset.filter((row) => row.label === label).length;

describe("sizes", () => {
  test("every row goes to one part, whatever the fractions", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer(),
        (length, tenths, seed) => {
          const { a, b } = numbered(length).split({ a: tenths / 10, b: 1 - tenths / 10, seed });
          expect(a.length).toBe(Math.round((tenths / 10) * length));
          expect([...a.column("id"), ...b.column("id")].sort((x, y) => x - y)).toEqual(
            Array.from({ length }, (_, i) => i),
          );
        },
      ),
    );
  });

  test("fractions below one in sum leave rows out; whole numbers count rows", () => {
    const { train, test: held } = numbered(100).split({ train: 0.5, test: 0.2 });
    expect([train.length, held.length]).toEqual([50, 20]);
    const counted = numbered(100).split({ few: 10, rest: 60 });
    expect([counted.few.length, counted.rest.length]).toEqual([10, 60]);
  });

  test.each([
    [{ a: 0.7, b: 0.7 }, "the fractions add up to 1.4"],
    [{ a: 0.5, b: 20 }, "not both"],
    [{ a: 80, b: 80 }, "needs 160 rows and there are 100"],
    [{ a: -1 }, "not negative"],
    [{ a: NaN }, "not negative"],
    [{}, "needs a part"],
  ])("%j is refused", (parts, message) => {
    expect(() => numbered(100).split(parts as { a: number })).toThrow(message);
  });
});

describe("seeds", () => {
  test("one seed deals one way, and rows are mixed", () => {
    const deal = (seed?: number) =>
      numbered(100).split({ a: 0.5, b: 0.5, ...(seed !== undefined && { seed }) });
    expect(deal(7).a.column("id")).toEqual(deal(7).a.column("id"));
    expect(deal(8).a.column("id")).not.toEqual(deal(7).a.column("id"));
    expect(deal().a.column("id")).toEqual(deal(0).a.column("id"));
    expect(
      deal(7)
        .a.column("id")
        .filter((id) => id < 50).length,
    ).toBeLessThan(40);
  });
});

describe("stratify", () => {
  test("each part has each label's share, to within a row", () => {
    const labels = (i: number) => (i % 10 === 0 ? "rare" : i % 3 === 0 ? "some" : "most");
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 300 }), fc.integer(), (length, seed) => {
        const dataset = numbered(length, labels);
        const { a, b, c } = dataset.split({ a: 0.5, b: 0.2, c: 0.3, seed, stratify: "label" });
        expect([a.length, b.length, c.length]).toEqual([
          Math.round(0.5 * length),
          Math.round(0.7 * length) - Math.round(0.5 * length),
          length - Math.round(0.7 * length),
        ]);
        for (const label of ["rare", "some", "most"]) {
          expect(Math.abs(share(a, label) - (share(dataset, label) * a.length) / length)).toBeLessThan(2);
          expect(Math.abs(share(b, label) - (share(dataset, label) * b.length) / length)).toBeLessThan(3);
        }
      }),
    );
  });

  test("the first rows of a part are balanced too", () => {
    const { train } = numbered(1000, (i) => (i % 2 ? "a" : "b")).split({ train: 0.8, stratify: "label" });
    expect(Math.abs(share(train.head(20), "a") - 10)).toBeLessThanOrEqual(1);
  });

  test("missing labels are a stratum", () => {
    const dataset = Dataset.from({ label: Array.from({ length: 40 }, (_, i) => (i % 4 ? "x" : null)) });
    const { a } = dataset.split({ a: 0.5, b: 0.5, stratify: "label" });
    expect(a.column("label").filter((label) => label === null)).toHaveLength(5);
  });

  test("an unknown column is named", () => {
    expect(() => numbered(5).split({ a: 1, stratify: "lable" })).toThrow(
      'column "lable": there is no such column',
    );
  });
});

describe("groupBy", () => {
  test("no group is in two parts, and no row is lost", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 40, maxLength: 200 }),
        fc.integer(),
        (customers, seed) => {
          const dataset = Dataset.from({ customer: customers, id: customers.map((_, i) => i) });
          if (new Set(customers).size < 2) return;
          const { a, b } = dataset.split({ a: 0.6, b: 0.4, seed, groupBy: "customer" });
          const others = new Set(b.column("customer"));
          expect(a.column("customer").filter((customer) => others.has(customer))).toEqual([]);
          expect(new Set([...a.column("id"), ...b.column("id")]).size).toBe(customers.length);
        },
      ),
    );
  });

  test("sizes are near and strata are kept as far as groups allow", () => {
    const dataset = Dataset.from({
      customer: Array.from({ length: 900 }, (_, i) => `c${Math.floor(i / 3)}`),
      label: Array.from({ length: 900 }, (_, i) => (Math.floor(i / 3) % 3 === 0 ? "x" : "y")),
      id: Array.from({ length: 900 }, (_, i) => i),
    });
    const { a, b, c } = dataset.split({ a: 0.5, b: 0.2, c: 0.3, groupBy: "customer", stratify: "label" });
    expect([a.length, b.length, c.length].map((rows) => Math.round(rows / 9))).toEqual([50, 20, 30]);
    expect(Math.abs(share(b, "x") - 60)).toBeLessThanOrEqual(3);
  });

  test("fractions below one in sum leave whole groups out", () => {
    const dataset = Dataset.from({ customer: Array.from({ length: 100 }, (_, i) => i % 20) });
    const { a } = dataset.split({ a: 0.5, groupBy: "customer" });
    expect(a.length).toBe(50);
  });

  test("fewer groups than parts are refused", () => {
    expect(() => numbered(10).split({ a: 0.5, b: 0.5, groupBy: "label" })).toThrow(
      "1 groups cannot fill 2 parts",
    );
  });
});
