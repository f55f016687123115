import { beforeAll, describe, expect, test } from "vitest";
import { ReportWriter } from "../../../src/applications/index.ts";
import { expectComputed, readQuestions, tells } from "./report-questions.ts";

let given: Awaited<ReturnType<typeof readQuestions>>;
beforeAll(async () => {
  given = await readQuestions();
});

describe("the questions that come with lmframe, by rule and forms", () => {
  test("each answer holds three numbers and more, all cells of a result, and tells the right one", async () => {
    expect(given.questions).toHaveLength(20);
    const missed: string[] = [];
    for (const question of given.questions) {
      const writer = new ReportWriter(given.tables[question.table], { plans: "plain", narrative: "plain" });
      const { report, charts } = await writer.call({ query: question.question });
      expect(report.numbers, question.question).toBeGreaterThanOrEqual(3);
      expectComputed(report);
      expect(charts.length).toBeGreaterThanOrEqual(1);
      expect(report.figures()).toHaveLength(charts.length);
      if (!tells(report, question))
        missed.push(`${question.id} ${question.question} ${report.narrative.join(" ")}`);
    }
    expect(missed).toEqual([]);
  });
});
