import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { currentLM } from "../../src/lm/index.ts";
import { COPRO, type COPROOptions } from "../../src/optimizers/copro.ts";
import {
  outcome,
  plantedMetric,
  plantedModel,
  plantedProgram,
  plantedProposer,
  plantedRows,
  rule,
  seedsOfTen,
  TwoSteps,
} from "./planted-task.ts";
import { usePlantedModel } from "./use-planted-model.ts";

const train = plantedRows(24, 1);
const val = plantedRows(30, 2);
const copro = (options: Partial<COPROOptions> = {}) =>
  new COPRO({
    metric: plantedMetric,
    seed: 5,
    breadth: 5,
    depth: 2,
    promptModel: plantedProposer(),
    ...options,
  });

usePlantedModel();

describe("COPRO", () => {
  test("finds the rule among its proposals, for 9 seeds of 10", async () => {
    const reached = await seedsOfTen(async (seed) => {
      // The proposer's luck hangs on what it is asked, and COPRO asks the same for any seed.
      const promptModel = plantedProposer((luck) =>
        (luck + seed / 10) % 1 < 0.3
          ? `Say how it is. ${rule}`
          : `Say how it is, ${Math.floor(luck * 1000)}.`,
      );
      const found = await copro({ seed, promptModel, breadth: 10, depth: 3 }).compile(plantedProgram(), {
        train,
        val,
        budget: { rollouts: 1000 },
      });
      return found.program.state.instructions.includes(rule) && found.after >= found.before + 0.3;
    });
    expect(reached).toBeGreaterThanOrEqual(9);
  });

  test("mends both predictors", async () => {
    const { program } = await copro().compile(new TwoSteps(), { train, val });
    for (const { state } of program.predictors().values()) expect(state.instructions).toContain(rule);
  });

  test("proposals after the first round are made in sight of the scores, the best last, and of no row", async () => {
    const promptModel = plantedProposer((luck) => (luck < 0.5 ? rule : `Say how it is, ${luck}.`));
    await copro({ promptModel }).compile(plantedProgram(), { train, val });
    expect(promptModel.calls).toBe(4 + 5);
    const [first, later] = [promptModel.prompts[0]!, promptModel.prompts.at(-1)!];
    expect(first).not.toContain('score\\":');
    expect(later).toContain("Say how it is.");
    expect(later.lastIndexOf(rule)).toBeGreaterThan(later.lastIndexOf("Say how it is."));
    for (const prompt of promptModel.prompts) expect(prompt).not.toContain("reading");
  });

  test("the same seed gives the same run at any concurrency, and a replay pays nothing", async () => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-copro-")), "study.jsonl");
    const promptModel = plantedProposer();
    const slow = plantedModel({ wait: 2 });
    currentLM.set(slow);
    const run = (concurrency: number, at?: string) =>
      copro({ promptModel }).compile(new TwoSteps(), { train, val, concurrency, journal: at });
    const one = await run(1, journal);
    expect(outcome(await run(32))).toEqual(outcome(one));
    const [calls, asked] = [slow.calls, promptModel.calls];
    expect(outcome(await run(1, journal))).toEqual(outcome(one));
    expect([slow.calls, promptModel.calls]).toEqual([calls, asked]);
  });

  test("a proposer whose every word is refused changes nothing, and the budget of calls holds", async () => {
    const promptModel = plantedProposer(() => "Swap the labels.");
    const { kept, used } = await copro({ promptModel }).compile(plantedProgram(), { train, val });
    expect(kept).toBe(true);
    expect(used.prompt.calls).toBe(4 + 5);
    const short = await copro({ promptModel: plantedProposer() }).compile(plantedProgram(), {
      train,
      val,
      budget: { prompt: { calls: 3 } },
    });
    expect(short.used.prompt.calls).toBe(3);
    expect(short.stopped).toContain("3 calls");
  });

  test("keeps back what the validation of the best takes, so that a budget that ends in a round is not for nothing", async () => {
    const [many, others] = [plantedRows(100, 1), plantedRows(100, 2)];
    const { used, kept, ranking, program } = await copro({ breadth: 10, depth: 3 }).compile(
      plantedProgram(),
      { train: many, val: others, budget: { rollouts: 1000 } },
    );
    expect(used.task.rollouts).toBeLessThanOrEqual(1000);
    expect(ranking.length).toBe(2);
    expect(kept).toBe(false);
    expect(program.state.instructions).toContain(rule);
  });

  test("asks for no proposal whose attempts could not be scored", async () => {
    const promptModel = plantedProposer();
    const found = await copro({ promptModel }).compile(plantedProgram(), {
      train,
      val,
      budget: { rollouts: val.length + train.length + val.length - 1 },
    });
    expect(found.kept).toBe(true);
    expect(promptModel.calls).toBe(0);
  });

  test("one instruction a round is no choice", () => {
    expect(() => copro({ breadth: 1 })).toThrow(ConfigurationError);
  });
});
