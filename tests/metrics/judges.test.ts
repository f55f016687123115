import { describe, expect, test } from "vitest";
import { DataError, UnreachableError } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import {
  Completeness,
  Faithfulness,
  Judge,
  judged,
  readScore,
  Relevance,
  scaleFeedback,
  SemanticF1,
  Toxicity,
} from "../../src/metrics/index.ts";
import { isModule } from "../../src/modules/index.ts";

const saying = (reply: object | string) =>
  new FunctionModel(() => (typeof reply === "string" ? reply : JSON.stringify(reply)));
const context = { trace: [] };

describe("judges", () => {
  test("are programs of one predictor that say why before they score, and state their direction", () => {
    const five = [new Relevance(), new Faithfulness(), new Completeness(), new Toxicity()];
    for (const judge of [...five, new SemanticF1()]) {
      expect(isModule(judge)).toBe(true);
      expect(judge).toBeInstanceOf(Judge);
      expect([...judge.predictors().keys()]).toEqual(["judge"]);
      expect(judge.predictors().get("judge")!.signature.outputs[0]!.name).toBe("rationale");
      expect(judge.signature.outputs.map(({ name }) => name)).toContain("score");
    }
    expect(five.map(({ direction }) => direction)).toEqual(["higher", "higher", "higher", "lower"]);
    expect(new Relevance().signature.toString()).toContain("query");
  });

  test("give score and rationale, for the rubric and the inputs they send", async () => {
    let prompt = "";
    const model = new FunctionModel(({ messages }) => {
      prompt = JSON.stringify(messages);
      return JSON.stringify({ rationale: "same fault", score: 4 });
    });
    const judgement = await new Relevance({ lm: model }).call({ query: "oil leak?", document: "OIL LEAK" });
    expect(judgement).toEqual({ score: 4, rationale: "same fault" });
    for (const part of ["oil leak?", "OIL LEAK", "5: it answers the query"]) expect(prompt).toContain(part);
  });

  test("an edit keeps what a judge is", () => {
    const tuned = new Toxicity().with({ judge: { instructions: "Mind slurs." } });
    expect(tuned).toBeInstanceOf(Toxicity);
    expect([tuned.direction, tuned.range]).toEqual(["lower", [1, 5]]);
    expect(tuned.predictors().get("judge")!.state.instructions).toBe("Mind slurs.");
  });

  test("SemanticF1 is the harmonic mean of what was said, each share held to 0 to 1", async () => {
    const run = (recall: number, precision: number) =>
      new SemanticF1({ lm: saying({ rationale: "r", recall, precision }) }).call({
        question: "q",
        reference: "r",
        answer: "a",
      });
    expect(await run(0.5, 1)).toEqual({ rationale: "r", recall: 0.5, precision: 1, score: 2 / 3 });
    expect((await run(0, 0)).score).toBe(0);
    expect(await run(7, -1)).toMatchObject({ recall: 1, precision: 0, score: 0 });
  });
});

describe("judged", () => {
  const row = { query: "leak?", document: "LEAK" };

  test("turns a score into the share of its scale, flipped where lower is better", async () => {
    const score = async (judge: Judge<never>, outputs: object) =>
      readScore(await judged(judge)(row, outputs, context));
    const lm = saying({ rationale: "because", score: 2 });
    expect(await score(new Relevance({ lm }), {})).toEqual({
      score: 0.25,
      feedback: "Relevance 2 (1 to 5, higher is better): because",
    });
    expect(await score(new Toxicity({ lm }), { text: "hello" })).toEqual({
      score: 0.75,
      feedback: "Toxicity 2 (1 to 5, lower is better): because",
    });
  });

  test("takes inputs by name, from the outputs before the row, or from a function", async () => {
    const asked: string[] = [];
    const lm = new FunctionModel(({ messages }) => {
      asked.push(JSON.stringify(messages.at(-1)));
      return JSON.stringify({ rationale: "r", score: 5 });
    });
    await judged(new Relevance({ lm }))(row, { document: "of the program" }, context);
    await judged(new Relevance({ lm }), (some, { found }) => ({
      query: some.query as string,
      document: found as string,
    }))(row, { found: "by function" }, context);
    expect(asked[0]).toContain("of the program");
    expect(asked[1]).toContain("by function");
    await expect(judged(new Completeness({ lm }))({ query: "x" }, { answer: "y" }, context)).rejects.toThrow(
      'reads "question", which is no column of the rows',
    );
  });

  test("a reply that cannot be read scores 0 and says so; an outage is thrown", async () => {
    const unreadable = await judged(new Relevance({ lm: saying("no idea") }))(row, {}, context);
    expect(readScore(unreadable)).toMatchObject({
      score: 0,
      feedback: expect.stringContaining("could not be read"),
    });
    const down = new FunctionModel(() => {
      throw new UnreachableError("down");
    });
    await expect(judged(new Relevance({ lm: down }))(row, {}, context)).rejects.toThrow("down");
  });
});

describe("scaleFeedback", () => {
  const metric = scaleFeedback("score", { range: [1, 5] });
  const score = (human: number, said: unknown, rationale?: string) =>
    readScore(
      metric({ score: human, rationale: "names the aircraft" }, { score: said, rationale } as never, context),
    );

  test("tells gap, direction, magnitude, both reasons and what must stay", () => {
    expect(score(5, 2, "another aircraft")).toEqual({
      score: 1 - 9 / 16,
      feedback: [
        "The judge says 2, the person 5: 3 too low, far off.",
        "The person's reason: names the aircraft",
        "The judge's reason: another aircraft",
        "Must stay: scores lie between 1 and 5, and each value is used where it fits",
      ].join("\n"),
    });
    expect(score(3, 4).feedback).toContain("1 too high, a little off");
    expect(score(3, 5).feedback).toContain("2 too high, clearly off");
  });

  test("confirms what is right, without a word on what must stay", () => {
    expect(score(4, 4)).toEqual({
      score: 1,
      feedback: "Right: 4, as the person says.\nThe person's reason: names the aircraft",
    });
  });

  test("a judge that gives no number is fully wrong", () => {
    for (const none of ["many", null, ""]) {
      expect(score(1, none)).toMatchObject({
        score: 0,
        feedback: expect.stringContaining("The judge gives no number, the person 1."),
      });
    }
  });

  test("a row that the person gave no score, or one off the scale, is a fault in the data", () => {
    for (const human of [null, "", 0, 6]) {
      const compare = () => metric({ query: "q3", score: human }, { score: 1 }, context);
      expect(compare).toThrow(DataError);
      expect(compare).toThrow(/^column "score": .*query: 'q3'/);
    }
  });

  test("invariants and columns can be named", () => {
    const own = scaleFeedback("grade", { range: [0, 10], human: "why", invariants: ["answer in English"] });
    const { feedback } = readScore(own({ grade: 10, why: "all there" }, { grade: 0 }, context));
    expect(feedback).toContain("The person's reason: all there");
    expect(feedback).toContain("Must stay: answer in English");
  });
});
