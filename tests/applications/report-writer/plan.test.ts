import { describe, expect, test } from "vitest";
import { type PlanAnalysis, planLimits } from "../../../src/applications/report-writer/plan.ts";
import { planProblems } from "../../../src/applications/report-writer/plan-problems.ts";
import { runPlan } from "../../../src/applications/report-writer/run-plan.ts";
import { ReportTable } from "../../../src/applications/report-writer/table.ts";
import { ConfigurationError, DataError } from "../../../src/core/index.ts";

const rows = [
  { day: "2026-01-05", city: "Oslo", kind: "bus", fare: 10, note: "a quiet ride, and warm" },
  { day: "2026-01-30", city: "Oslo", kind: "tram", fare: 20, note: "late" },
  { day: "2026-03-02", city: "Rome", kind: "bus", fare: 30, note: "full of people, who sang" },
  { day: "2026-03-03", city: "Rome", kind: "bus", fare: null, note: "no seat" },
  { day: "2026-03-04", city: "Oslo", kind: "bus", fare: 45, note: "on time" },
  { day: "2026-03-09", city: null, kind: "tram", fare: 15, note: "the doors were stuck" },
];
const table = new ReportTable(rows, { fare: "NOK" });

const count = { measure: "count", column: null, value: null } as const;
const analysis = (members: Partial<PlanAnalysis>): PlanAnalysis => ({
  filters: [],
  groups: [],
  measures: [count],
  order: null,
  top: null,
  chart: null,
  ...members,
});
const problems = (members: Partial<PlanAnalysis>) => planProblems({ analyses: [analysis(members)] }, table);
const cells = (members: Partial<PlanAnalysis>) => runPlan({ analyses: [analysis(members)] }, table)[1]!.rows;

describe("the table", () => {
  test("knows labels, numbers, days and free text, and what can be made of them", () => {
    expect([...table.columns.values()].map(({ name, role }) => [name, role])).toEqual([
      ["day", "date"],
      ["city", "label"],
      ["kind", "label"],
      ["fare", "number"],
      ["note", "text"],
      ["day_year", "period"],
      ["day_quarter", "period"],
      ["day_month", "period"],
      ["day_weekday", "period"],
      ["note_words", "number"],
      ["note_words_range", "period"],
    ]);
    expect(table.column("day_weekday").values[0]).toBe("Monday");
    expect(table.column("day_quarter").values).toEqual(Array(6).fill("2026 Q1"));
    expect(table.column("note_words").values).toEqual([5, 1, 5, 2, 2, 4]);
  });

  test("puts numbers into ranges of equal width at round bounds", () => {
    const many = new ReportTable(Array.from({ length: 40 }, (_, age) => ({ age: age + 18 })));
    const { labels, values } = many.column("age_range");
    expect(labels).toEqual(["15 to 19", "20 to 24", "25 to 29", "30 to 34", "35 to 39", "40 to 44", "45 to 49", "50 to 54", "55 to 59"]); // prettier-ignore
    expect(values.slice(0, 3)).toEqual(["15 to 19", "15 to 19", "20 to 24"]);
    const fractions = new ReportTable(Array.from({ length: 40 }, (_, each) => ({ share: each / 40 })));
    expect(fractions.column("share_range").labels.slice(0, 2)).toEqual([
      "0 to below 0.1",
      "0.1 to below 0.2",
    ]);
  });

  test("takes no day that there is not for one, and leaves out what no reference could name", () => {
    const odd = new ReportTable([{ day: "2026-02-30", "a|b": 1, "{c}": 2, list: [1] }]);
    expect([...odd.columns.keys()]).toEqual(["day", "day_words"]);
    expect(odd.column("day").role).toBe("text");
  });

  test("refuses a table without rows or columns, and units of nothing", () => {
    expect(() => new ReportTable([])).toThrow(DataError);
    expect(() => new ReportTable([{ list: [1, 2] }])).toThrow(ConfigurationError);
    expect(() => new ReportTable(rows, { fares: "NOK" })).toThrow(/did you mean "fare"/);
    expect(() => new ReportTable(rows, { fare: "a}b" })).toThrow(ConfigurationError);
  });
});

describe("a plan is found wrong before it runs", () => {
  test.each<[string, Partial<PlanAnalysis>, RegExp]>([
    ["a column that is not there", { groups: ["citty"] }, /"citty" is not a column; did you mean "city"\?/],
    ["a group whose values hardly recur", { groups: ["note"] }, /"note" is a text whose values hardly recur/],
    ["a date as a group, with its parts", { groups: ["day"] }, /such as .*"day_month"/],
    ["a value that the column does not hold", { filters: [{ column: "kind", compare: "is", value: "buss" }] }, /"buss" is not a value of it; did you mean "bus"\?/],
    ["a label that is compared", { filters: [{ column: "kind", compare: "above", value: "bus" }] }, /found a label; use "is"/],
    ["text as a number", { filters: [{ column: "fare", compare: "above", value: "much" }] }, /found "much", expected a number/],
    ["a day that is none", { filters: [{ column: "day", compare: "at least", value: "March" }] }, /expected a day such as/],
    ["free text that is compared", { filters: [{ column: "note", compare: "is", value: "late" }] }, /use "contains"/],
    ["a mean of labels", { measures: [{ measure: "mean", column: "kind", value: null }] }, /found a label, expected a column of numbers: "fare", "note_words"/],
    ["a mean of nothing", { measures: [{ measure: "mean", column: null, value: null }] }, /expected a column of numbers/],
    ["a count of a value that is not there", { measures: [{ measure: "count", column: "city", value: "Roma" }] }, /did you mean "Rome"/],
    ["a value without a column", { measures: [{ measure: "share", column: null, value: "bus" }] }, /without its column/],
    ["no measure", { measures: [] }, /found 0 measures, expected 1 to 4/],
    ["one thing twice", { groups: ["city"], measures: [count, count] }, /found "count" twice/],
    ["an order by what is not computed", { order: { by: "fare", descending: true } }, /order: "fare" is not a column of the result/],
    ["too many rows", { top: planLimits.rows + 1 }, /top: found 201/],
    ["a fraction of rows", { top: 1.5 }, /whole number/],
    ["a line over labels", { groups: ["city"], chart: { kind: "line", x: "city", y: "count" } }, /use a bar/],
    ["a histogram of labels", { groups: ["city"], chart: { kind: "histogram", x: "city", y: "count" } }, /no range of numbers/],
    ["a chart of what is not computed", { groups: ["city"], chart: { kind: "bar", x: "city", y: "fare" } }, /y is "fare", expected a measure/],
    ["a scatter of one measure", { groups: ["city"], chart: { kind: "scatter", x: "count", y: "count" } }, /expected two measures/],
  ])("%s", (_, members, problem) => {
    expect(problems(members).join("\n")).toMatch(problem);
    expect(() => cells(members)).toThrow(ConfigurationError);
  }); // prettier-ignore

  test("says all that is wrong at once, and where", () => {
    const two = [analysis({ groups: ["x"] }), analysis({ top: 0, groups: ["y"] })];
    expect(planProblems({ analyses: two }, table)).toEqual([
      expect.stringMatching(/^analysis 1: group/),
      expect.stringMatching(/^analysis 2: group/),
      expect.stringMatching(/^analysis 2: top/),
    ]);
    expect(planProblems({ analyses: [] }, table)).toEqual(["found 0 analyses, expected 1 to 3"]);
  });
});

describe("a plan computes", () => {
  test("counts and shares, of rows and of values; rows without a label are a group", () => {
    const measures = [
      count,
      { measure: "share", column: null, value: null },
      { measure: "count", column: "kind", value: "bus" },
      { measure: "share", column: "kind", value: "bus" },
    ] as const;
    expect(cells({ groups: ["city"], measures })).toEqual([
      ["Oslo", 3, 1 / 2, 2, 2 / 3],
      ["Rome", 2, 1 / 3, 2, 1],
      [null, 1, 1 / 6, 0, 0],
    ]);
  });

  test("mean, median, sum, min and max of the numbers that are there, with their unit", () => {
    for (const [measure, value] of [
      ["mean", 24],
      ["median", 20],
      ["sum", 120],
      ["min", 10],
      ["max", 45],
    ] as const)
      // prettier-ignore
      expect(cells({ measures: [{ measure, column: "fare", value: null }] })).toEqual([[value]]);
    const [, result] = runPlan(
      { analyses: [analysis({ measures: [{ measure: "mean", column: "fare", value: null }] })] },
      table,
    );
    expect(result!.columns[0]).toMatchObject({ name: "mean_fare", unit: "NOK", title: "mean of fare" });
  });

  test("filters by label, number, day, period and words; what is missing fits none but a negation", () => {
    const rowsOf = (
      column: string,
      compare: PlanAnalysis["filters"][number]["compare"],
      value: string | number,
    ) => cells({ filters: [{ column, compare, value }] })[0]![0];
    expect(rowsOf("city", "is", "Oslo")).toBe(3);
    expect(rowsOf("city", "is not", "Oslo")).toBe(3);
    expect(rowsOf("fare", "above", 20)).toBe(2);
    expect(rowsOf("fare", "at least", "20")).toBe(3);
    expect(rowsOf("fare", "at most", 15)).toBe(2);
    expect(rowsOf("day", "below", "2026-03-02")).toBe(2);
    expect(rowsOf("day_month", "at least", "2026-02")).toBe(4);
    expect(rowsOf("day_weekday", "is", "Monday")).toBe(3);
    expect(rowsOf("note", "contains", "SEAT")).toBe(1);
  });

  test("months in order, with those in which nothing was", () => {
    expect(cells({ groups: ["day_month"] })).toEqual([
      ["2026-01", 2],
      ["2026-02", 0],
      ["2026-03", 4],
    ]);
  });

  test("in the order asked for, and the first of it", () => {
    const order = { by: "count", descending: false };
    expect(cells({ groups: ["kind"], order })).toEqual([
      ["tram", 2],
      ["bus", 4],
    ]);
    expect(cells({ groups: ["kind", "city"], top: 1 })).toEqual([["bus", "Oslo", 2]]);
  });

  test("nothing where no row fits", () => {
    const filters = [
      { column: "city", compare: "is", value: "Rome" },
      { column: "kind", compare: "is", value: "tram" },
    ] as const;
    expect(cells({ filters, groups: ["city"] })).toEqual([]);
    expect(cells({ filters, measures: [{ measure: "share", column: null, value: null }] })).toEqual([[null]]);
  });
});
