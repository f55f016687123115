import { afterEach, describe, expect, test } from "vitest";
import { type ProgressState, showProgress, UnreachableError } from "../../src/core/index.ts";
import { currentLM, FunctionModel } from "../../src/lm/index.ts";
import { Predict } from "../../src/modules/index.ts";
import {
  Best,
  BootstrapFewShot,
  Calibrate,
  GEPA,
  LabeledFewShot,
  Optimizer,
  type OptimizerOptions,
  PairedAscent,
  type ProposerOptions,
  Sequence,
  SIMBA,
  type Study,
  StudyInterrupted,
} from "../../src/optimizers/index.ts";
import { biasedModel, biasedRows } from "./biased-model.ts";
import {
  plantedMetric,
  plantedModel,
  plantedProgram,
  plantedProposer,
  plantedRows,
  rule,
} from "./planted-task.ts";
import { plantedTasks } from "./planted-tasks.ts";
import { wordsEmbedder } from "./words-embedder.ts";

afterEach(() => currentLM.set(undefined));

const metric = plantedMetric;
const rows = { train: plantedRows(30, 1), val: plantedRows(40, 2) };

/** Sets the instructions, and says what it started from. */
class Say extends Optimizer<OptimizerOptions & { text: string; from: string[] }> {
  protected async search(study: Study): Promise<void> {
    this.options.from.push(study.program.predictors().get("self")!.state.instructions);
    await study.evaluate(study.candidate({ self: { instructions: this.options.text } }, "said"));
  }
}

describe("Sequence", () => {
  test("has each strategy build on the best before it", async () => {
    currentLM.set(plantedModel());
    const found = await new Sequence({
      metric,
      strategies: [
        (options) => new GEPA({ ...options, promptModel: plantedProposer() }),
        (options) => new LabeledFewShot({ ...options, k: 3 }),
      ],
    }).compile(plantedProgram(), { ...rows, budget: { rollouts: 500 } });
    const { instructions, demos } = found.program.state;
    expect(instructions).toContain(rule);
    expect(demos).toHaveLength(3);
    expect(found.before).toBeLessThan(0.5);
    expect(found.after).toBe(1);
  });

  test("goes back to what was best where a strategy made it worse", async () => {
    currentLM.set(plantedModel());
    const from: string[] = [];
    const say = (text: string) => (options: OptimizerOptions) => new Say({ ...options, text, from });
    const found = await new Sequence({
      metric,
      strategies: [say(rule), say("Guess."), say(`${rule} Take care.`)],
    }).compile(plantedProgram(), rows);
    expect(from).toEqual(["Say how it is.", rule, rule]);
    expect(found.program.state.instructions).toBe(rule);
  });

  test("leaves out in the next round what gained nothing", async () => {
    currentLM.set(plantedModel());
    const from: string[] = [];
    const say = (text: string) => (options: OptimizerOptions) => new Say({ ...options, text, from });
    await new Sequence({ metric, rounds: 3, strategies: [say("Guess."), say(rule)] }).compile(
      plantedProgram(),
      rows,
    );
    expect(from).toEqual(["Say how it is.", "Say how it is.", rule]);
  });

  test("shares what is left of the budget", async () => {
    currentLM.set(plantedModel());
    const promptModel = plantedProposer(() => "Say how it is, somehow.");
    const spent: number[] = [];
    class Spend extends Optimizer {
      protected async search(study: Study): Promise<void> {
        const before = study.used.task.rollouts;
        try {
          for (let repeat = 1; ; repeat++)
            await study.evaluate(study.base, { split: "train", rows: [0], repeat });
        } finally {
          spent.push(study.used.task.rollouts - before);
        }
      }
    }
    const { used } = await new Sequence({
      metric,
      strategies: [
        (options) => new Spend(options),
        (options) => new BootstrapFewShot({ ...options, maxBootstrappedDemos: 1 }),
        (options) => new Spend(options),
      ],
    }).compile(plantedProgram(), { ...rows, budget: { rollouts: 340 } });
    expect(spent[0]).toBe(100);
    expect(used.task.rollouts).toBe(340);
    expect(promptModel.calls).toBe(0);
  });
});

describe("Best", () => {
  const train = biasedRows(120, 1);
  const val = biasedRows(120, 2);
  const run = (logprobs: boolean) => {
    currentLM.set(biasedModel([train, val], { logprobs }));
    const program = new Predict("text -> label: Literal['hot', 'cold', 'mild']", "Say how it is.");
    return new Best({ metric, promptModel: plantedProposer(), embedder: wordsEmbedder }).compile(program, {
      train,
      val,
      budget: { rollouts: 900 },
    });
  };

  test("calibrates where the endpoint tells log-probabilities", async () => {
    const found = await run(true);
    expect(found.program.extensions.calibration).toBeDefined();
    expect(found.after).toBeGreaterThan(found.before + 0.2);
    expect(found.used.task.rollouts).toBeLessThanOrEqual(900);
  });

  test("tells how far it is across its parts: never more than it expects", async () => {
    const told: ProgressState[] = [];
    const stop = showProgress((state) => told.push({ ...state }));
    await run(true).finally(stop);
    const search = told.filter(({ facts }) => "candidates" in facts);
    const beyond = search.filter(({ done, total = Infinity }) => done > total);
    expect(search.length).toBeGreaterThan(10);
    expect(beyond.map(({ done, total }) => `${done}/${total}`)).toEqual([]);
  });

  test("does without where it does not", async () => {
    const found = await run(false);
    expect(found.program.extensions).toEqual({});
    expect(found.stopped).toBeUndefined();
  });

  test("is as good as calibration alone", async () => {
    const composed = await run(true);
    currentLM.set(biasedModel([train, val]));
    const program = new Predict("text -> label: Literal['hot', 'cold', 'mild']", "Say how it is.");
    const alone = await new Calibrate({ metric, maxRows: 120 }).compile(program, { train, val });
    expect(composed.after).toBeGreaterThanOrEqual(alone.after - 0.03);
  });
});

describe("what a proposer is shown and may write", () => {
  const { task } = plantedTasks.all;
  const strategies: Readonly<Record<string, (options: OptimizerOptions & ProposerOptions) => Optimizer>> = {
    GEPA: (options) => new GEPA(options),
    SIMBA: (options) => new SIMBA({ ...options, minibatch: 16, maxSteps: 3 }),
    PairedAscent: (options) => new PairedAscent(options),
  };
  const budget = { rollouts: 700 };
  const train = task.rows(40, 1);
  const val = task.rows(40, 2);
  const idsOf = (data: typeof train) => data.rows().map(({ text }) => String(text).slice(0, 7));

  test.each(Object.keys(strategies))("%s: training rows, never a validation row", async (name) => {
    currentLM.set(task.model());
    const prompts: string[] = [];
    const proposer = task.proposer();
    const promptModel = new FunctionModel((request) => {
      prompts.push(JSON.stringify(request.messages));
      return proposer.complete(request);
    });
    await strategies[name]!({ metric: task.metric, promptModel }).compile(task.program(), {
      train,
      val,
      budget,
    });
    const all = prompts.join();
    expect(idsOf(train).some((id) => all.includes(id))).toBe(true);
    for (const id of idsOf(val)) expect(all).not.toContain(id);
  });

  test.each(Object.keys(strategies))("%s: no row's text comes into instructions", async (name) => {
    currentLM.set(task.model());
    const copied = train.rows().map(({ text }) => text);
    const writing = {
      lessons: "",
      discussion: "",
      instructions: copied.join(" "),
      advice: { self: copied[0] },
    };
    const promptModel = new FunctionModel(() => JSON.stringify(writing));
    const found = await strategies[name]!({ metric: task.metric, promptModel }).compile(task.program(), {
      train,
      val,
      budget,
    });
    for (const { edits } of found.candidates) {
      expect(edits.self?.instructions ?? "").not.toContain("#");
    }
  });
});

describe("PairedAscent", () => {
  const { task } = plantedTasks.all;

  test("goes on without a proposer whose budget is spent, and counts what it found", async () => {
    currentLM.set(task.model());
    const promptModel = task.proposer();
    const found = await new PairedAscent({ metric: task.metric, promptModel }).compile(task.program(), {
      train: task.rows(60, 1),
      val: task.rows(60, 2),
      budget: { rollouts: 700, reflection: { calls: 0 } },
    });
    expect(promptModel.calls).toBe(0);
    expect(found.program.predictors().get("self")!.state.demos.length).toBeGreaterThan(0);
    expect(found.after).toBeGreaterThan(found.before);
  });

  test("an outage is not the end of the budget", async () => {
    let calls = 0;
    currentLM.set(
      new FunctionModel((request) => {
        if (++calls > 200) throw new UnreachableError("the endpoint is away");
        return task.reply(request);
      }),
    );
    const run = new PairedAscent({ metric: task.metric, promptModel: task.proposer() }).compile(
      task.program(),
      { train: task.rows(60, 1), val: task.rows(60, 2), maxOutages: 3, concurrency: 4 },
    );
    await expect(run).rejects.toThrow(StudyInterrupted);
  });
});
