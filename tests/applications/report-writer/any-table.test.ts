import fc from "fast-check";
import { expect, test } from "vitest";
import { ReportWriter } from "../../../src/applications/index.ts";
import { expectComputed } from "./report-questions.ts";

const label = fc.oneof(
  fc.constantFrom("negative", "{{a1.r1.count|rows}}", "the highest", "12", "rows", "two", " ", "<b>", "a|b"),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const name = fc.oneof(
  fc.constantFrom(
    "count",
    "share",
    "date",
    "date_month",
    "price_range",
    " city ",
    "a|b",
    "mean_price",
    "all",
  ),
  fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== "__proto__"),
);
const column = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 3 }),
  fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), { minLength: 1 }),
  fc.array(fc.date({ min: new Date("2020-01-01"), max: new Date("2026-01-01"), noInvalidDate: true }), {
    minLength: 1,
  }),
  fc.array(fc.boolean(), { minLength: 1 }),
);
const asking = [
  "most",
  "share of",
  "average",
  "how long",
  "per month",
  "in",
  "by",
  "top 3",
  "fewest",
  "weekday",
];

test("whatever the table and the question, there is a report, and all of its numbers were computed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, column), { minLength: 1, maxLength: 5, selector: ([each]) => each }),
      fc.integer({ min: 1, max: 30 }),
      fc.infiniteStream(fc.nat()),
      async (columns, length, draws) => {
        const draw = <T>(from: readonly T[]): T => from[draws.next().value! % from.length]!;
        const data = Object.fromEntries(
          columns.map(([each, values]) => [
            each,
            Array.from({ length }, () => (draw([1, 2, 3, 4, 5]) === 1 ? null : draw(values as unknown[]))),
          ]),
        );
        const words = [...asking, ...columns.map(([each]) => each), ...columns.flatMap(([, values]) => values.map(String))]; // prettier-ignore
        const query = Array.from({ length: 8 }, () => draw(words)).join(" ");
        let writer;
        try {
          writer = new ReportWriter(data, { plans: "plain", narrative: "plain" });
        } catch (error) {
          expect((error as Error).message).toMatch(/no column to analyse/);
          return;
        }
        const { report } = await writer.call({ query });
        expectComputed(report);
        expect(report.figures().length).toBeLessThanOrEqual(report.charts.length);
      },
    ),
    { numRuns: 200 },
  );
}, 120_000);
