import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigurationError, UnreachableError } from "../../../src/core/index.ts";
import { evaluate } from "../../../src/evaluate/index.ts";
import { FunctionModel, type LanguageModel } from "../../../src/lm/index.ts";
import { exactMatch } from "../../../src/metrics/index.ts";
import { Calibration, Predict } from "../../../src/modules/index.ts";
import { Cascade, cascadeCurve, type CascadeCurve } from "../../../src/scale/cascade/index.ts";
import { startSumModel, type SumModel, sums } from "../sum-endpoint.ts";

const solve = new Predict("task -> total: int", "Add the numbers.");

/** A model that says `total` and is so sure of it. */
function says(total: string, probability: number | undefined, name = "m") {
  const asked: unknown[] = [];
  const model: LanguageModel = new FunctionModel(
    (request) => {
      asked.push(request);
      const text = `{"total": ${total}}`;
      const logprobs =
        probability === undefined
          ? {}
          : { logprobs: [{ token: text, logprob: Math.log(probability), top: [] }] };
      return { choices: [{ text, toolCalls: [], finishReason: "stop", ...logprobs }] };
    },
    { name, abilities: { jsonSchema: true } },
  );
  return { model, asked };
}

describe("Cascade", () => {
  test("takes the small model's answer where it is sure enough, else asks the next", async () => {
    const [small, middle, large] = [says("1", 0.7), says("2", 0.85), says("3", 0.1)];
    const ask = (threshold: number) =>
      new Cascade(solve, [small.model, middle.model, large.model], { threshold }).call({ task: "Add 1, 1" });
    expect(await ask(0.6)).toMatchObject({ total: 1 });
    expect(await ask(0.8)).toMatchObject({ total: 2 });
    expect(await ask(0.9)).toMatchObject({ total: 3 });
    expect([small.asked.length, middle.asked.length, large.asked.length]).toEqual([3, 2, 1]);
  });

  test("goes on where a model is down, cannot be read or does not tell; not where a setting is wrong", async () => {
    const large = says("3", undefined);
    const ask = (first: LanguageModel) =>
      new Cascade(solve, [first, large.model], { threshold: 0 }).call({ task: "Add 1, 2" });
    const failing = (error: Error) =>
      new FunctionModel(() => {
        throw error;
      });
    expect(await ask(failing(new UnreachableError("down")))).toMatchObject({ total: 3 });
    expect(await ask(new FunctionModel(() => "no number"))).toMatchObject({ total: 3 });
    expect(await ask(says("1", undefined).model)).toMatchObject({ total: 3 });
    await expect(ask(failing(new ConfigurationError("wrong key")))).rejects.toThrow("wrong key");
  });

  test("a predictor that weighs its labels is as sure as the probability of its label", async () => {
    const weighs = (probability: number) =>
      new FunctionModel(
        () => {
          const top = [
            { token: "yes", logprob: Math.log(probability) },
            { token: "no", logprob: Math.log(1 - probability) },
          ];
          const logprobs = [
            { token: '{"ok":"', logprob: -3, top: [] },
            { token: "yes", logprob: top[0]!.logprob, top },
            { token: '"}', logprob: 0, top: [] },
          ];
          return { choices: [{ text: '{"ok":"yes"}', toolCalls: [], finishReason: "stop", logprobs }] };
        },
        { abilities: { jsonSchema: true, logprobs: true } },
      );
    const program = new Predict("text -> ok: Literal['yes', 'no']", {
      extensions: { calibration: Calibration.plain(["yes", "no"]) },
    });
    const other = new FunctionModel(() => '{"ok":"no"}', {
      abilities: { jsonSchema: true, logprobs: false },
    });
    const ask = (probability: number) =>
      new Cascade(program, [weighs(probability), other], { threshold: 0.8 }).call({ text: "x" });
    expect(await ask(0.9)).toEqual({ ok: "yes" });
    expect(await ask(0.7)).toEqual({ ok: "no" });
  });

  test("stays a program: its predictor is found and edited, its span tells who answered", async () => {
    const cascade = new Cascade(solve, [says("1", 0.95).model, says("2", 1).model]);
    expect([...cascade.predictors().keys()]).toEqual(["program"]);
    const edited = cascade.with({ program: { instructions: "Sum up." } });
    expect(edited.predictors().get("program")!.state.instructions).toBe("Sum up.");
    expect(await edited.call({ task: "Add 1, 0" })).toMatchObject({ total: 1 });
  });

  test("refuses one model alone, and thresholds that cannot be", () => {
    expect(() => new Cascade(solve, [says("1", 1).model])).toThrow(ConfigurationError);
    expect(() => new Cascade(solve, [says("1", 1).model, says("1", 1).model], { threshold: 1.1 })).toThrow(
      /threshold/,
    );
  });
});

describe("cascadeCurve, against stand-in endpoints", () => {
  const started: SumModel[] = [];
  let curve: CascadeCurve;

  beforeAll(async () => {
    started.push(await startSumModel("small", { strength: 5, price: 0.1 }));
    started.push(await startSumModel("large", { strength: 40, price: 5 }));
    const cascade = new Cascade(
      solve,
      started.map(({ lm }) => lm),
    );
    curve = await cascadeCurve(cascade, sums(200, 3), exactMatch("total"));
  }, 120_000);
  afterAll(() => Promise.all(started.map(({ endpoint }) => endpoint.close())));

  test("tells exactly what the cascade then does", { timeout: 120_000 }, async () => {
    const { cascade, point } = curve.choose();
    const evaluation = await evaluate(cascade, sums(200, 3), exactMatch("total"));
    expect(evaluation.score).toBeCloseTo(point.score, 9);
    expect(evaluation.used.cost! / 200).toBeCloseTo(point.cost, 12);
  });

  test(
    "keeps the large model's score for less than half of its cost, on other rows",
    { timeout: 120_000 },
    async () => {
      const { cascade } = curve.choose(0);
      const rows = sums(300, 4);
      const alone = await evaluate(solve, rows, exactMatch("total"), { lm: started[1]!.lm });
      const cascaded = await evaluate(cascade, rows, exactMatch("total"));
      expect(cascaded.score).toBeGreaterThanOrEqual(alone.score - 0.01);
      expect(cascaded.used.cost!).toBeLessThan(alone.used.cost! * 0.6);
      process.stdout.write(
        `cascade: ${cascaded.score.toFixed(3)} for $${cascaded.used.cost!.toFixed(5)}; large alone: ` +
          `${alone.score.toFixed(3)} for $${alone.used.cost!.toFixed(5)} (stand-in endpoints)\n`,
      );
    },
  );

  test("runs from the small model alone to the large one behind it, and is drawn", () => {
    const [first, last] = [curve.points[0]!, curve.points.at(-1)!];
    expect(first.shares).toEqual([1, 0]);
    expect(first.cost).toBeCloseTo(curve.alone[0]!.cost, 12);
    expect(last.shares[0]).toBeLessThan(0.01);
    expect(last.cost).toBeCloseTo(curve.alone[0]!.cost + curve.alone[1]!.cost, 6);
    expect(curve.points.map(({ threshold }) => threshold)).toEqual(
      curve.points.map(({ threshold }) => threshold).sort((a, b) => a - b),
    );
    expect(curve.chart().alternative).toMatch(/small.*for/);
  });

  test("needs the models' prices", async () => {
    const unknown = new Cascade(solve, [says("1", 1).model, new FunctionModel(() => ({ cost: null }))]);
    await expect(cascadeCurve(unknown, sums(2, 1), exactMatch("total"))).rejects.toThrow(/price/);
  });
});
