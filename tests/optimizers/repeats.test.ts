import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { random } from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { cached, currentLM, FunctionModel, memoryStore } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";
import {
  type CompileOptions,
  Optimizer,
  type OptimizerOptions,
  RandomSearch,
  type Study,
} from "../../src/optimizers/index.ts";
import { outcome, seedsOfTen } from "./planted-task.ts";

afterEach(() => currentLM.set(undefined));

/** Instructions by how often they lead to the right answer, the best neither first nor last. */
const skills = [0.6, 0.68, 0.84, 0.72, 0.76, 0.64];
const best = "Try 0.84.";

/** Answers rightly as often as its instructions say; drawn by the seed, the row and the rollout. */
const noisyModel = (seed: number, { wait = 0, noise = true } = {}) => {
  const model = Object.assign(
    new FunctionModel(
      async ({ messages, rollout = 0 }) => {
        model.calls++;
        const [system, asked] = [messages[0]!.content as string, messages.at(-1)!.content as string];
        const skill = /Try ([\d.]+)\./.exec(system)![1]!;
        const row = Number(/row (\d+)/.exec(asked)![1]);
        const draw = random(1_000_003 * seed + 1009 * row + 31 * Number(skill) * 100 + (noise ? rollout : 0));
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * wait));
        return JSON.stringify({ answer: draw.next() < Number(skill) ? "yes" : "no" });
      },
      { name: "noisy" },
    ),
    { calls: 0 },
  );
  return model;
};

class TryAll extends Optimizer<OptimizerOptions & { side: boolean }> {
  protected async search(study: Study): Promise<void> {
    const candidates = skills.map((skill) =>
      study.candidate({ self: { instructions: `Try ${skill}.` } }, "given"),
    );
    if (this.options.side) await study.evaluateAll(candidates.map((candidate) => ({ candidate })));
    else for (const candidate of candidates) await study.evaluate(candidate);
  }
}

const rows = (count: number, from: number) =>
  Dataset.from(Array.from({ length: count }, (_, row) => ({ text: `row ${from + row}`, answer: "yes" })));
const [train, val] = [rows(2, 1000), rows(40, 0)];
const program = () => new Predict("text -> answer: Literal['yes', 'no']", "Try 0.5.");
const search = (options: Partial<CompileOptions> = {}, side = false) =>
  new TryAll({ metric: exactMatch("answer"), side }).compile(program(), { train, val, ...options });

describe("a choice between candidates that a noisy model scores alike", () => {
  const chosen = (repeats: number) =>
    seedsOfTen(async (seed) => {
      currentLM.set(noisyModel(seed));
      return (await search({ repeats })).program.state.instructions === best;
    });

  test("finds the best one for more seeds with further draws", async () => {
    const [once, often] = [await chosen(1), await chosen(6)];
    expect(often).toBeGreaterThanOrEqual(once + 3);
    expect(often).toBeGreaterThanOrEqual(9);
  });

  test("draws again only what is close, and scores by all draws", async () => {
    currentLM.set(noisyModel(1));
    const found = await search({ repeats: 4 }, true);
    const draws = new Map(
      found.ranking.map((one) => [one.candidate.edits.self?.instructions, one.draws.length]),
    );
    expect(draws.get(best)).toBe(4);
    expect(draws.get(undefined)).toBeLessThan(4);
    for (const { score, draws: all, results } of found.ranking) {
      const scores = all.flat().map((one) => one.score);
      expect(score).toBeCloseTo(scores.reduce((sum, one) => sum + one, 0) / scores.length);
      expect(all[0]).toEqual(results);
    }
    const all = found.ranking.reduce((sum, one) => sum + one.draws.length * val.length, 0);
    expect(found.used.task.rollouts).toBe(all);
  });

  test("is not made by further draws unless that is asked for", async () => {
    currentLM.set(noisyModel(1));
    const { used, ranking } = await search();
    expect(used.task.rollouts).toBe(ranking.length * val.length);
    expect(ranking.every(({ draws }) => draws.length === 1)).toBe(true);
  });

  test("passes no budget, and loses no candidate to further draws that it does not hold", async () => {
    const whole = (skills.length + 1) * val.length;
    for (const rollouts of [whole, whole + 75, whole + 300]) {
      currentLM.set(noisyModel(2));
      const { used, stopped, ranking } = await search({ repeats: 6, budget: { rollouts } }, true);
      expect(used.task.rollouts).toBeLessThanOrEqual(rollouts);
      expect(stopped).toBeUndefined();
      expect(ranking).toHaveLength(skills.length + 1);
    }
  });

  test.each([false, true])("is the same at any concurrency, side by side: %s", async (side) => {
    const run = async (concurrency: number) => {
      currentLM.set(noisyModel(3, { wait: 2 }));
      return outcome(await search({ repeats: 3, concurrency, budget: { rollouts: 700 } }, side));
    };
    expect(await run(30)).toEqual(await run(3));
  });

  test("is resumed from its journal, and pays for nothing it had", async () => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-repeats-")), "study.jsonl");
    const run = async () => {
      const model = noisyModel(4);
      currentLM.set(model);
      return { found: outcome(await search({ repeats: 3, journal })), calls: model.calls };
    };
    const whole = await run();
    const written = await readFile(journal);
    for (const share of [0.3, 0.7, 0.95, 1]) {
      const kept = written.subarray(0, Math.floor(written.length * share));
      await writeFile(journal, kept);
      const known = kept.toString("utf8").split('\n{"kind":"rollout"').length - 2;
      const resumed = await run();
      expect(resumed.found).toEqual(whole.found);
      expect(resumed.calls).toBeLessThanOrEqual(whole.calls - known);
      const lines = (text: Buffer) => text.toString("utf8").split("\n").length;
      expect(lines(await readFile(journal))).toBe(lines(written));
    }
  });

  test("asks a model that always says the same but once more", async () => {
    currentLM.set(noisyModel(5, { noise: false }));
    const { ranking } = await search({ repeats: 6 }, true);
    expect(Math.max(...ranking.map(({ draws }) => draws.length))).toBe(2);
  });

  test("draws a judge anew too, past its cache", async () => {
    currentLM.set(new FunctionModel(() => JSON.stringify({ answer: "yes" })));
    let asked = 0;
    const judge = new Predict("answer -> good: bool", {
      lm: cached(new FunctionModel(() => JSON.stringify({ good: asked++ % 2 === 0 })), memoryStore()),
    });
    const metric = async (_: object, { answer }: { answer: string }) =>
      (await judge.call({ answer })).good ? 1 : 0;
    await new TryAll({ metric, side: false }).compile(program(), { train, val, repeats: 3, concurrency: 1 });
    expect(asked).toBe(3);
  });

  test("refuses a number of draws below one", async () => {
    await expect(search({ repeats: 0 })).rejects.toThrow("invalid repeats: 0");
  });
});

test("the ranking holds results in the order of the rows, whatever the order asked for", async () => {
  currentLM.set(noisyModel(6));
  class Backwards extends Optimizer {
    protected async search(study: Study): Promise<void> {
      const backwards = Array.from({ length: study.val.length }, (_, row) => study.val.length - 1 - row);
      await study.evaluate(study.candidate({ self: { instructions: best } }, "given"), { rows: backwards });
    }
  }
  const { ranking } = await new Backwards({ metric: exactMatch("answer") }).compile(program(), {
    train,
    val,
  });
  const { results } = ranking.find(({ candidate }) => candidate.origin === "given")!;
  expect(results.map(({ trace }) => trace[0]!.inputs.text)).toEqual(val.rows().map(({ text }) => text));
});

test("a search that draws demos chooses by further draws too", async () => {
  currentLM.set(noisyModel(7));
  const { ranking } = await new RandomSearch({ metric: exactMatch("answer"), numCandidates: 2 }).compile(
    program(),
    { train, val, repeats: 3 },
  );
  expect(Math.max(...ranking.map(({ draws }) => draws.length))).toBe(3);
});
