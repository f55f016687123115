import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";

type Value = number | string | boolean | Date | null;

/** What sorting means, said slowly: missing last, else by value, else by place. */
function expected(values: readonly Value[], descending: boolean): number[] {
  const missing = (value: Value) => value === null || Number.isNaN(value);
  return values
    .map((_, i) => i)
    .sort((a, b) => {
      const [x, y] = [values[a]!, values[b]!];
      if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y)) || a - b;
      const order = x < y ? -1 : x > y ? 1 : 0;
      return (descending ? -order : order) || a - b;
    });
}

describe.each([
  ["numbers", fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, NaN))],
  ["integers", fc.integer()],
  ["long integers", fc.maxSafeInteger()],
  ["text", fc.string({ unit: "binary", maxLength: 3 })],
  ["labels", fc.constantFrom("b", "a", "Ä", "a ")],
  ["booleans", fc.boolean()],
  ["dates", fc.date({ noInvalidDate: true })],
])("%s", (_, arbitrary: fc.Arbitrary<Value>) => {
  test("sort as their values do, missing last, equal ones in place, in both directions", () => {
    fc.assert(
      fc.property(fc.array(fc.option(arbitrary), { maxLength: 60 }), fc.boolean(), (values, descending) => {
        const dataset = Dataset.from({ x: values, at: values.map((_, i) => i) });
        expect(dataset.sort("x", { descending }).column("at")).toEqual(expected(values, descending));
      }),
    );
  });
});

test("the first column decides before the second", () => {
  const dataset = Dataset.from({ a: [2, 1, 2, 1], b: ["x", "y", "a", "b"] });
  expect(dataset.sort(["a", "b"]).rows().map(Object.values)).toEqual([
    [1, "b"],
    [1, "y"],
    [2, "a"],
    [2, "x"],
  ]);
  expect(dataset.sort(["a", "b"], { descending: true }).column("b")).toEqual(["x", "a", "y", "b"]);
});
