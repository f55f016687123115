import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import {
  fitAnswerability,
  logbookDocuments,
  MaintenanceChatbot,
  measureChatbot,
  measureRetrieval,
} from "../../../src/applications/index.ts";
import { Dataset } from "../../../src/data/index.ts";
import { FunctionModel } from "../../../src/lm/index.ts";
import { Answerability, Index } from "../../../src/retrieval/index.ts";
import { ownHome } from "../../support/own-home.ts";

const dataset = (name: string) =>
  Dataset.read(fileURLToPath(new URL(`../../../datasets/${name}.csv`, import.meta.url)));
const principal = { id: "inspector", groups: ["line"] };

ownHome();

describe("the logbook that comes with lmframe, by the sentence embedder", { timeout: 180_000 }, () => {
  let index: Index;
  let questions: Dataset;

  beforeAll(async () => {
    index = await Index.create("logbook");
    questions = await dataset("logbook_questions");
    await index.sync(logbookDocuments(await dataset("logbook"), { id: "id" }), { groups: ["line"] });
  }, 180_000);

  test("is searched well by both ways together, whether questions share words or not", async () => {
    const measured = (await measureRetrieval(index, questions, { principal, k: 10 })).rows();
    const recall = (mode: string, kind: string) =>
      measured.find((row) => row.mode === mode && row.overlap === kind)!.recall;
    expect(recall("hybrid", "words")).toBeGreaterThanOrEqual(0.9);
    // Within one in a hundred of the better single way, on either kind.
    expect(recall("hybrid", "words")).toBeGreaterThan(recall("text", "words") - 0.02);
    expect(recall("hybrid", "none")).toBeGreaterThan(recall("vector", "none") - 0.02);
    expect(recall("hybrid", "all")).toBeGreaterThan(
      Math.max(recall("text", "all"), recall("vector", "all")) - 0.005,
    );
  });

  test("answers at least 80 % of what it can and refuses at least 80 % of the rest, on questions it was not fitted on", async () => {
    const tune = questions.filter(({ split }) => split === "tune");
    const fitted = await fitAnswerability(index, tune, { principal });
    for (const [place, weight] of new Answerability().state.weights.entries())
      expect(weight).toBeCloseTo(fitted.state.weights[place]!, 0);
    const lm = new FunctionModel(() => '{"urgency": "routine"}', { abilities: { jsonSchema: true } });
    const test = questions.filter(({ split }) => split === "test");
    const measures = await measureChatbot(new MaintenanceChatbot(index).withLM(lm), test, { principal });
    expect(measures.abstention.answerRate).toBeGreaterThanOrEqual(0.8);
    expect(measures.abstention.refusalRate).toBeGreaterThanOrEqual(0.8);
    expect(measures.citations.invented).toBe(0);
    expect(measures.comparison.score.interval[0]).toBeGreaterThan(0);
  });
});
