import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { currentLM } from "../../src/lm/index.ts";
import { MIPROv2, type MIPROv2Options } from "../../src/optimizers/miprov2.ts";
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

const train = plantedRows(40, 1);
const val = plantedRows(60, 2);
const half = (luck: number) => (luck < 0.6 ? `Say how it is. ${rule}` : "Say how it is, and be quick.");
const mipro = (options: Partial<MIPROv2Options> = {}) =>
  new MIPROv2({ metric: plantedMetric, seed: 5, promptModel: plantedProposer(half), ...options });

const model = usePlantedModel();

describe("MIPROv2", () => {
  test("joins what instructions and examples each give, for 9 seeds of 10", async () => {
    const reached = await seedsOfTen(async (seed) => {
      const { program, after } = await mipro({ seed, auto: "medium" }).compile(plantedProgram(), {
        train,
        val,
        budget: { rollouts: 1500 },
      });
      const { instructions, demos } = program.state;
      return after > 0.95 && instructions.includes(rule) && demos.length > 0;
    });
    expect(reached).toBeGreaterThanOrEqual(9);
  });

  test("the same seed gives the same run at any concurrency", async () => {
    const run = async (concurrency: number) => {
      currentLM.set(plantedModel({ wait: 2 }));
      return outcome(
        await mipro({ numTrials: 6, numCandidates: 4 }).compile(new TwoSteps(), { train, val, concurrency }),
      );
    };
    expect(await run(32)).toEqual(await run(1));
  });

  test("a run is replayed from its journal without a call", async () => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-mipro-")), "study.jsonl");
    const promptModel = plantedProposer(half);
    const run = () => mipro({ promptModel }).compile(plantedProgram(), { train, val, journal });
    const first = await run();
    const [calls, asked] = [model().calls, promptModel.calls];
    expect(outcome(await run())).toEqual(outcome(first));
    expect([model().calls, promptModel.calls]).toEqual([calls, asked]);
    expect(await readFile(journal, "utf8")).toContain('"what":"trial"');
  });

  test("proposals are grounded in training rows, the program and its runs, never in a validation row", async () => {
    const promptModel = plantedProposer(half);
    await mipro({ promptModel }).compile(new TwoSteps(), { train, val });
    const asks = (part: string) => promptModel.prompts.filter((prompt) => prompt.includes(part));
    expect(asks("reading 1-").length).toBeGreaterThan(0);
    expect(asks("class TwoSteps").length).toBeGreaterThan(0);
    // What the summary and the description said comes back in what is asked for each of both predictors.
    expect(asks("readings of the weather").length).toBeGreaterThanOrEqual(4);
    expect(asks("read: text -> word").length).toBeGreaterThanOrEqual(2);
    for (const prompt of promptModel.prompts) expect(prompt).not.toContain("reading 2-");
  });

  test("tries what did well before: trials get better", async () => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-mipro-")), "study.jsonl");
    // Many instructions, of which a third hold the rule, each with words of its own.
    const promptModel = plantedProposer(
      (luck) => `Say how it is, number ${Math.floor(luck * 1000)}. ${luck < 0.33 ? rule : ""}`,
    );
    await mipro({ promptModel, auto: "heavy", maxBootstrappedDemos: 0, maxLabeledDemos: 0 }).compile(
      plantedProgram(),
      { train, val, journal },
    );
    const scores = (await readFile(journal, "utf8"))
      .split("\n")
      .filter((line) => line.includes('"what":"trial"'))
      .map((line) => (JSON.parse(line) as { data: { score: number } }).data.score);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(scores).toHaveLength(27);
    expect(mean(scores.slice(12))).toBeGreaterThan(mean(scores.slice(0, 9)) + 0.1);
  });

  test("scores trials on minibatches, and the best of five on all rows", async () => {
    const { ranking, used } = await mipro({ numTrials: 10, minibatch: 20 }).compile(plantedProgram(), {
      train,
      val,
    });
    expect(ranking.length).toBeLessThanOrEqual(3);
    expect(ranking.length).toBeGreaterThan(1);
    expect(used.task.rollouts).toBeLessThanOrEqual(train.length + 3 * val.length + 10 * 20);
  });

  test("scores every trial on all rows where they are few", async () => {
    const { ranking } = await mipro({ numTrials: 6 }).compile(plantedProgram(), {
      train,
      val: plantedRows(30, 2),
    });
    expect(ranking.length).toBeGreaterThan(3);
  });

  test("searches instructions alone where no demos are wanted", async () => {
    const { program, candidates } = await mipro({ maxBootstrappedDemos: 0, maxLabeledDemos: 0 }).compile(
      plantedProgram(),
      { train, val },
    );
    expect(program.state.instructions).toContain(rule);
    for (const { edits } of candidates) expect(edits.self?.demos).toBeUndefined();
  });

  test("a proposer that only copies rows leaves demos to search", async () => {
    const promptModel = plantedProposer((_, prompt) => /reading 1-\d+ says \w+/.exec(prompt)?.[0] ?? "");
    const { program } = await mipro({ promptModel }).compile(plantedProgram(), { train, val });
    expect(program.state.instructions).toBe("Say how it is.");
    expect(program.state.demos.length).toBeGreaterThan(0);
  });

  test("says which option makes no sense", () => {
    expect(() => mipro({ numTrials: 0 })).toThrow(ConfigurationError);
  });
});
