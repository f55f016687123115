import { describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";
import { costByModel, costByPredictor } from "../../src/scale/spending/index.ts";
import { signature } from "../../src/signature/index.ts";

const model = (inputTokens: number, outputTokens: number, cost: number | null) =>
  new FunctionModel(() => ({
    choices: [{ text: '{"notes": "n", "answer": "a"}', toolCalls: [], finishReason: "stop" }],
    usage: { inputTokens, outputTokens, cachedTokens: 0, reasoningTokens: 0 },
    cost,
  }));

class Two extends Module {
  static override signature = signature("question -> answer");
  read: Predict<"question -> notes">;
  answer: Predict<"notes -> answer">;
  constructor(reading: FunctionModel, answering: FunctionModel) {
    super();
    this.read = new Predict("question -> notes", { lm: reading });
    this.answer = new Predict("notes -> answer", { lm: answering });
  }
  async forward({ question }: { question: string }) {
    const { notes } = await this.read.call({ question });
    await this.read.call({ question });
    return this.answer.call({ notes });
  }
}

const rows = Dataset.from([{ question: "a" }, { question: "b" }]);
const run = (reading: FunctionModel, answering: FunctionModel) =>
  evaluate(new Two(reading, answering), rows, () => 1);

describe("where the money goes", () => {
  test("by predictor, every call of it counted, the dearest first", async () => {
    const spending = costByPredictor(await run(model(100, 10, 0.001), model(50, 20, 0.006)));
    expect(spending).toEqual([
      { predictor: "answer", calls: 2, inputTokens: 100, outputTokens: 40, cost: 0.012, share: 0.75 },
      { predictor: "read", calls: 4, inputTokens: 400, outputTokens: 40, cost: 0.004, share: 0.25 },
    ]);
  });

  test("by tokens where a price is not known", async () => {
    const [first, second] = costByPredictor(await run(model(100, 0, null), model(50, 0, 0.006)));
    expect(first).toMatchObject({ predictor: "read", cost: null, share: 0.8 });
    expect(second!.share).toBeCloseTo(0.2, 12);
  });

  test("what the run would have cost on each known model", async () => {
    const evaluation = await run(model(100, 10, 0.001), model(50, 20, 0.006));
    const costs = costByModel(evaluation, [
      { name: "dear", price: { input: 100, output: 100 } },
      { name: "cheap", price: { input: 1, output: 1 } },
      { name: "unknown" },
      { name: "short", price: { input: 1, output: 1 }, context: 50 },
      { name: "vectors", kind: "embedding", price: { input: 1, output: 0 } },
    ]);
    expect(costs.map(({ model }) => model.name)).toEqual(["cheap", "dear"]);
    expect(costs[1]!.cost).toBeCloseTo((580 * 100) / 1e6, 12);
    expect(costs[1]!.share).toBeCloseTo(0.058 / 0.016, 9);
  });

  test("no model whose context is too short for the longest call, however short the others are", async () => {
    const evaluation = await run(model(90, 10, 0.001), model(9000, 900, 0.006));
    const price = { input: 1, output: 1 };
    const costs = costByModel(evaluation, [
      { name: "short", price, context: 8000 },
      { name: "long", price, context: 9900 },
    ]);
    expect(costs.map(({ model }) => model.name)).toEqual(["long"]);
  });
});
