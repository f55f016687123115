import { describe, expect, test } from "vitest";
import { numberIn } from "../../../src/applications/report-writer/number-in.ts";
import { plainNarrative } from "../../../src/applications/report-writer/plain-narrative.ts";
import type { PlanAnalysis } from "../../../src/applications/report-writer/plan.ts";
import { readSentence, sentenceText } from "../../../src/applications/report-writer/read-sentence.ts";
import { runPlan } from "../../../src/applications/report-writer/run-plan.ts";
import { ReportTable } from "../../../src/applications/report-writer/table.ts";

const repeat = (city: string, month: string, times: number) =>
  Array.from({ length: times }, (_, day) => ({
    city,
    day: `2026-${month}-${String(day + 1).padStart(2, "0")}`,
  }));
const table = new ReportTable([
  ...repeat("Oslo", "01", 5),
  ...repeat("Rome", "02", 3),
  ...repeat("Lund", "03", 1),
]);
const analysis = (group: string): PlanAnalysis => ({
  filters: [],
  groups: [group],
  measures: [
    { measure: "count", column: null, value: null },
    { measure: "share", column: null, value: null },
  ],
  order: null,
  top: null,
  chart: null,
});
/** a1 by city: Oslo 5, Rome 3, Lund 1; a2 by month. */
const results = runPlan({ analyses: [analysis("city"), analysis("day_month")] }, table);
const read = (sentence: string) => {
  const found = readSentence(sentence, results, "model");
  return typeof found === "string" ? found : sentenceText(found);
};

describe("a sentence stands", () => {
  test.each([
    ["Oslo has {{a1.r1.count|rows}}, a share of {{a1.r1.share|%}}.", "Oslo has 5 rows, a share of 55.6 %."],
    ["{{a1.r1.city}} leads with {{a1.r1.count|rows}}.", "Oslo leads with 5 rows."],
    ["Oslo tops the list with {{a1.r1.count|rows}}, while {{a1.r3.city}} trails with {{a1.r3.count|rows}}.", "Oslo tops the list with 5 rows, while Lund trails with 1 row."],
    ["Rome with {{a1.r2.count|rows}} is ahead of Lund with {{a1.r3.count|rows}}.", "Rome with 3 rows is ahead of Lund with 1 row."],
    ["Rome with {{a1.r2.count|rows}} is surpassed by Oslo with {{a1.r1.count|rows}}.", "Rome with 3 rows is surpassed by Oslo with 5 rows."],
    ["Rome with {{a1.r2.count|rows}} trails Oslo with {{a1.r1.count|rows}}.", "Rome with 3 rows trails Oslo with 5 rows."],
    ["Most are in Oslo ({{a1.r1.count|rows}}), the fewest in Lund ({{a1.r3.count|rows}}).", "Most are in Oslo (5 rows), the fewest in Lund (1 row)."],
    ["There are {{a1.r1.count|rows}} in Oslo and {{a1.r2.count|rows}} in Rome.", "There are 5 rows in Oslo and 3 rows in Rome."],
    ["Oslo has more than Rome: {{a1.r1.count|rows}} against, for {{a1.r2.city}}, {{a1.r2.count|rows}}.", /beside the labels/],
    ["It fell from {{a2.r1.count|rows}} in {{a2.r1.day_month}} to {{a2.r3.count|rows}} in {{a2.r3.day_month}}.", "It fell from 5 rows in 2026-01 to 1 row in 2026-03."],
    ["In all there are {{all.r1.count|rows}}.", "In all there are 9 rows."],
    ["{{a1.title.share}} of Rome: {{ a1.r2.share | % }}", "share of rows of Rome: 33.3 %"],
  ])("%s", (sentence, text) => {
    if (typeof text === "string") expect(read(sentence)).toBe(text);
    else expect(read(sentence)).toMatch(text);
  }); // prettier-ignore
});

describe("a sentence does not stand", () => {
  test.each<[string, RegExp]>([
    ["Oslo has 5 rows.", /found "5" written out/],
    ["Oslo has five rows, {{a1.r1.count|rows}}.", /found "five" written out/],
    ["Over half are in Oslo, {{a1.r1.count|rows}}.", /found "half"/],
    ["Oslo is first with {{a1.r1.count|rows}}.", /found "first"/],
    ["Oslo has {{a1.r1.count|rows}}, ⅝ of all.", /written out/],
    ["Oslo has {{a1.r1.count|rows}} or ٥.", /written out/],
    ["Oslo has {{a1.r1.count|rows}}, t\u200bwo to spare.", /found "two"/],
    ["Oslo has {{a1.r1.share|%}} %.", /found "%"/],
    ["Oslo does well.", /refers to no computed number/],
    ["Oslo has {{a1.r9.count|rows}}.", /no row r9 in a1; expected r1 to r3/],
    ["Oslo has {{a9.r1.count|rows}}.", /no result "a9"; expected all, a1, a2/],
    ["Oslo has {{a1.r1.total|rows}}.", /no column "total" in a1; expected city, count, share/],
    ["Oslo has {{a1.r1.count|messages}}.", /found the unit "messages", expected "rows"/],
    ["Oslo has {{a1.r1.count}}.", /found no unit, expected "rows"/],
    ["Oslo has {{count}}.", /expected the form/],
    ["Oslo has {{a1.r1.count|rows}} {{.", /brace/],
    ["There are {{a1.r1.count|rows}}.", /numbers of r1 of a1 beside "Oslo"/],
    ["Rome has {{a1.r1.count|rows}}.", /numbers of r1 of a1 beside "Oslo"/],
    ["Oslo has {{a1.r2.count|rows}} and Rome has {{a1.r1.count|rows}}.", /beside/],
    ["Oslo, unlike Lund, has {{a1.r1.count|rows}}.", /beside|"Lund" is named without/],
    ["Rome has the most, {{a1.r2.count|rows}}.", /"most" does not hold/],
    ["{{a1.r3.city}} leads with {{a1.r3.count|rows}}.", /"leads" does not hold; expected .* the highest/],
    ["{{a1.r2.city}} leads {{a1.r3.city}}: {{a1.r2.count|rows}} to {{a1.r3.count|rows}}.", /beside|"leads"/],
    ["Rome led with {{a1.r2.count|rows}}.", /"led" does not hold/],
    ["{{a1.r3.city}} tops the list with {{a1.r3.count|rows}}.", /"tops" does not hold/],
    ["Rome heads the list with {{a1.r2.count|rows}}.", /"heads" does not hold/],
    ["Lund is ahead with {{a1.r3.count|rows}}.", /"ahead" does not hold/],
    ["Lund wins with {{a1.r3.count|rows}}.", /"wins" does not hold/],
    ["Lund dominates with {{a1.r3.count|rows}}.", /"dominates" does not hold/],
    ["Rome is the predominant city with {{a1.r2.count|rows}}.", /"predominant" does not hold/],
    ["Oslo trails with {{a1.r1.count|rows}}.", /"trails" does not hold/],
    ["Oslo is at the bottom with {{a1.r1.count|rows}}.", /"bottom" does not hold/],
    [
      "Lund with {{a1.r3.count|rows}} is ahead of Rome with {{a1.r2.count|rows}}.",
      /"ahead of" does not hold/,
    ],
    ["Lund with {{a1.r3.count|rows}} surpasses Rome with {{a1.r2.count|rows}}.", /"surpasses" does not hold/],
    [
      "Oslo with {{a1.r1.count|rows}} is surpassed by Rome with {{a1.r2.count|rows}}.",
      /"surpassed by" does not hold/,
    ],
    ["Oslo with {{a1.r1.count|rows}} lags behind Rome with {{a1.r2.count|rows}}.", /does not hold/],
    ["Rome has the lowest share, {{a1.r2.share|%}}.", /"lowest" does not hold/],
    ["Rome with {{a1.r2.count|rows}} has more than Oslo with {{a1.r1.count|rows}}.", /"more" does not hold/],
    ["Oslo does not have the highest count, {{a1.r1.count|rows}}.", /negation/],
    [
      "It rose from {{a2.r1.count|rows}} in {{a2.r1.day_month}} to {{a2.r3.count|rows}} in {{a2.r3.day_month}}.",
      /"rose" does not hold/,
    ],
    ["From {{a1.r1.count|rows}} in Oslo it fell to {{a1.r2.count|rows}} in Rome.", /of which time is told/],
    ["On average Oslo has {{a1.r1.count|rows}}.", /expected a number that is a mean/],
    ["Oslo has {{a1.r1.count|rows}}, see https://example.com.", /link or markup/],
    ["Oslo has {{a1.r1.count|rows}} <img src=x>.", /link or markup/],
    ["Oslo has {{a1.r1.count|rows}}.\nIgnore this.", /several lines/],
    [`Oslo has {{a1.r1.count|rows}}${" and so on".repeat(100)}.`, /characters, expected at most/],
  ])("%s", (sentence, reason) => {
    expect(read(sentence)).toMatch(reason);
  });
});

test("numbers are found in digits, words, numerals and signs; words that only hold one are none", () => {
  for (const text of [
    "12",
    "１２",
    "twenty-one",
    "a dozen",
    "Twice",
    "thirds",
    "XIV",
    "三",
    "€",
    "½",
    "x²",
    "10k",
    "nineties",
  ])
    // prettier-ignore
    expect(numberIn(`about ${text} of it`), text).toBeDefined();
  for (const text of ["someone", "often", "weight", "tennis", "I", "mix", "a", "attention", "nobody"])
    expect(numberIn(`about ${text} of it`), text).toBeUndefined();
});

test("the forms say what is highest, next and lowest, and all of them stand", () => {
  const sentences = plainNarrative(results).map((form) => readSentence(form, results, "form"));
  expect(sentences.filter((sentence) => typeof sentence === "string")).toEqual([]);
  expect(sentences.map((sentence) => (typeof sentence === "string" ? "" : sentenceText(sentence)))).toEqual([
    "“Oslo” has the highest number of rows: 5 rows (share of rows 55.6 %).",
    "Next come “Rome” with 3 rows and “Lund” with 1 row.",
    "“2026-01” has the highest number of rows: 5 rows (share of rows 55.6 %).",
    "Next come “2026-02” with 3 rows and “2026-03” with 1 row.",
    "The table holds 9 rows.",
  ]);
});
