import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { ContextualJudge, Faithfulness, judged, Relevance, Toxicity } from "../../src/metrics/index.ts";
import { FunctionRetriever, type Passage, type SearchOptions } from "../../src/modules/index.ts";

const searches: { query: string; options: SearchOptions }[] = [];
const log = new FunctionRetriever("log", (query, options) => {
  searches.push({ query, options: options! });
  const passage = {
    id: "1",
    text: "The strut was resealed.",
    fields: { date: "May" },
    score: 1,
  } as unknown as Passage;
  return Promise.resolve([passage]);
});
const lm = new FunctionModel(({ messages }) => {
  const asked = messages.at(-1)!.content as string;
  const known = asked.includes("The strut was resealed.") && asked.includes("date: May");
  return JSON.stringify({ rationale: known ? "the log says so" : "nothing says so", score: known ? 5 : 1 });
});

describe("ContextualJudge", () => {
  const judge = new ContextualJudge(new Faithfulness({ lm }), log, { query: "answer", k: 2 });

  test("judges in sight of what it finds, and takes all but the context", async () => {
    expect(await judge.call({ answer: "It was resealed" })).toEqual({
      rationale: "the log says so",
      score: 5,
    });
    expect(searches.at(-1)).toMatchObject({ query: "It was resealed", options: { k: 2 } });
    expect(judge.signature.inputs.map(({ name }) => name)).not.toContain("context");
    expect(judge.signature.outputs.map(({ name }) => name)).toEqual(["rationale", "score"]);
    expect([judge.range, judge.direction]).toEqual([[1, 5], "higher"]);
  });

  test("is a metric like any judge, and a program whose predictors are edited in a copy", async () => {
    const metric = judged(judge);
    expect(await metric({} as never, { answer: "It was resealed" } as never, { trace: [] })).toMatchObject({
      score: 1,
    });
    const [path] = [...judge.predictors().keys()];
    expect(path).toBe("judge.judge");
    const edited = judge.with({ "judge.judge": { instructions: "Be strict." } });
    expect((await edited.call({ answer: "?" })).score).toBe(5);
    expect(edited.range).toEqual([1, 5]);
  });

  test("needs inputs of the judge to search for and to fill", () => {
    expect(() => new ContextualJudge(new Toxicity(), log, { query: "text" })).toThrow(
      '"context" is no input of Toxicity',
    );
    expect(() => new ContextualJudge(new Relevance(), log, { query: "question", into: "document" })).toThrow(
      ConfigurationError,
    );
    expect(() => new ContextualJudge(new Relevance(), log, { query: "query", into: "query" })).toThrow(
      "both",
    );
  });
});
