import { afterEach, describe, expect, test } from "vitest";
import { evaluate } from "../../src/evaluate/index.ts";
import { currentLM, type LanguageModel } from "../../src/lm/index.ts";
import {
  Best,
  COPRO,
  GEPA,
  LabeledFewShot,
  MIPROv2,
  Optimizer,
  type OptimizerOptions,
  PairedAscent,
  RandomSearch,
  Sequence,
  SIMBA,
  type Study,
} from "../../src/optimizers/index.ts";
import { seedsOfTen } from "./planted-task.ts";
import { plantedTasks, type PlantedTaskName } from "./planted-tasks.ts";

afterEach(() => currentLM.set(undefined));

/** Candidates without thought: what a search finds that does not learn. */
class RandomPrompts extends Optimizer<OptimizerOptions & { promptModel: LanguageModel }> {
  protected async search(study: Study): Promise<void> {
    const words = "say look mind which team message topic last code first names carefully decide".split(" ");
    const draw = study.random("words");
    for (;;) {
      const instructions = draw.sample(words, 6).join(" ");
      const edits = [...study.program.predictors().keys()].map((path) => [path, { instructions }]);
      await study.evaluate(study.candidate(Object.fromEntries(edits), "random"));
    }
  }
}

type Make = (options: OptimizerOptions & { promptModel: LanguageModel }) => Optimizer;

const strategies = {
  PairedAscent: (options) => new PairedAscent(options),
  Best: (options) => new Best(options),
  GEPA: (options) => new GEPA(options),
  SIMBA: (options) => new SIMBA(options),
  MIPROv2: (options) => new MIPROv2(options),
  COPRO: (options) => new COPRO(options),
  RandomSearch: (options) => new RandomSearch({ ...options, numCandidates: 6 }),
  LabeledFewShot: (options) => new LabeledFewShot(options),
  "GEPA, then RandomSearch": ({ promptModel, ...options }) =>
    new Sequence({
      ...options,
      strategies: [
        (shared) => new GEPA({ ...shared, promptModel }),
        (shared) => new RandomSearch({ ...shared, numCandidates: 2 }),
      ],
    }),
  "random prompts": (options) => new RandomPrompts(options),
} satisfies Record<string, Make>;

/** How many of ten seeds come within 0.04 of the optimum on unseen rows. */
function reached(strategy: keyof typeof strategies, name: PlantedTaskName, rollouts: number, rows: number) {
  const { task, optimum } = plantedTasks[name];
  return seedsOfTen(async (seed) => {
    currentLM.set(task.model());
    const [train, val] = [1000, 2000].map((from) => task.rows(rows, from + seed));
    const test = task.rows(300, 3000 + seed);
    const make: Make = strategies[strategy];
    const found = await make({ metric: task.metric, seed, promptModel: task.proposer() }).compile(
      task.program(),
      { train: train!, val: val!, budget: { rollouts } },
    );
    expect(found.used.task.rollouts).toBeLessThanOrEqual(rollouts);
    const best = await evaluate(found.program, test, task.metric);
    // Rows are drawn: what can be known of these very ones is told by how many are unclear.
    const known = test.rows().filter(({ text }) => !String(text).includes("no idea")).length / test.length;
    return best.score >= (task.options.noise ? optimum : known) - 0.04;
  });
}

describe("what each strategy can reach", () => {
  test.each([
    ["PairedAscent", "rule", 500],
    ["PairedAscent", "examples", 500],
    ["PairedAscent", "one example", 1200],
    ["PairedAscent", "harm", 600],
    ["PairedAscent", "two predictors", 600],
    ["PairedAscent", "noise", 800],
    ["PairedAscent", "all", 900],
    ["Best", "all", 900],
    ["GEPA", "rule", 600],
    ["GEPA", "harm", 900],
    ["GEPA", "two predictors", 800],
    ["GEPA", "noise", 1500],
    ["SIMBA", "rule", 3000],
    ["SIMBA", "examples", 3000],
    ["MIPROv2", "examples", 900],
    ["RandomSearch", "examples", 900],
    ["GEPA, then RandomSearch", "all", 2400],
  ] as const)("%s on %s within %i rollouts, for 9 seeds of 10", async (strategy, task, rollouts) => {
    expect(await reached(strategy, task, rollouts, 100)).toBeGreaterThanOrEqual(9);
  });
});

describe("what each strategy cannot reach", () => {
  test.each([
    // Examples do not tell a rule, and instructions do not stand for examples.
    ["LabeledFewShot", "rule", 900],
    ["RandomSearch", "rule", 900],
    ["GEPA", "examples", 900],
    // None of the published ones joins what instructions and examples each give.
    ["GEPA", "all", 900],
    ["MIPROv2", "all", 900],
    ["RandomSearch", "all", 900],
    ["random prompts", "rule", 900],
    ["random prompts", "two predictors", 900],
    ["random prompts", "all", 900],
  ] as const)("%s on %s within %i rollouts, for 9 seeds of 10", async (strategy, task, rollouts) => {
    expect(await reached(strategy, task, rollouts, 100)).toBeLessThanOrEqual(1);
  });
});
