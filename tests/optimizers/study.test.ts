import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ProgressState, showProgress, UnreachableError } from "../../src/core/index.ts";
import { currentLM, FunctionModel } from "../../src/lm/index.ts";
import { type Module, withCallSettings } from "../../src/modules/index.ts";
import {
  BootstrapFewShot,
  GEPA,
  LabeledFewShot,
  macroF1,
  RandomSearch,
  StudyInterrupted,
} from "../../src/optimizers/index.ts";
import {
  outcome,
  plantedMetric,
  plantedModel,
  plantedProgram,
  plantedProposer,
  plantedReply,
  plantedRows,
  TwoSteps,
} from "./planted-task.ts";
import { GepaSkeleton } from "./strategies/gepa.ts";
import { MiproSkeleton } from "./strategies/miprov2.ts";
import { SimbaSkeleton } from "./strategies/simba.ts";

const train = plantedRows(24, 1);
const val = plantedRows(30, 2);
const options = { metric: plantedMetric, seed: 5 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmframe-study-"));
});
afterEach(() => currentLM.set(undefined));

describe("strategies on the study", () => {
  test.each([
    ["LabeledFewShot", () => new LabeledFewShot({ ...options, k: 3 }), "demos"],
    [
      "BootstrapFewShot",
      () => new BootstrapFewShot({ ...options, maxBootstrappedDemos: 3, maxLabeledDemos: 0 }),
      "demos",
    ],
    ["RandomSearch", () => new RandomSearch({ ...options, numCandidates: 4 }), "demos"],
    ["GEPA", () => new GepaSkeleton(options), "rule"],
    ["MIPROv2", () => new MiproSkeleton(options), "rule"],
    ["SIMBA", () => new SimbaSkeleton(options), "either"],
  ] as const)("%s finds what is planted, and the same at any concurrency", async (_name, make, finds) => {
    const run = async (concurrency: number) => {
      currentLM.set(plantedModel({ wait: 3 }));
      return make().compile(plantedProgram(), { train, val, concurrency });
    };
    const [one, many] = [await run(1), await run(32)];
    expect(outcome(many)).toEqual(outcome(one));
    expect(one.kept).toBe(false);
    expect(one.after).toBeGreaterThan(one.before + 0.2);
    const { instructions, demos } = one.program.state;
    if (finds === "demos") expect(demos.length).toBeGreaterThan(0);
    if (finds === "rule") expect(instructions).toContain("Look at the last word.");
  });

  test("progress counts the calls of every model", async () => {
    currentLM.set(plantedModel());
    const told: ProgressState[] = [];
    const stop = showProgress((state) => told.push(structuredClone(state)));
    const { used } = await new GepaSkeleton(options).compile(plantedProgram(), { train, val }).finally(stop);
    expect(used.reflection.calls).toBeGreaterThan(0);
    const search = told.filter(({ facts }) => facts !== undefined && "candidates" in facts).at(-1)!;
    const all = Object.values(used).reduce((sum, { calls }) => sum + calls, 0);
    expect(search.facts).toMatchObject({ calls: all });
  });

  test("bootstrapped demos reach the steps between", async () => {
    currentLM.set(plantedModel());
    const { program } = await new BootstrapFewShot({
      ...options,
      maxBootstrappedDemos: 2,
      maxLabeledDemos: 0,
    }).compile(new TwoSteps(), { train, val });
    const read = program.predictors().get("read")!.state.demos;
    const judge = program.predictors().get("judge")!.state.demos;
    expect(read).toHaveLength(2);
    expect(Object.keys(read[0]!)).toEqual(["text", "word", "augmented"]);
    expect(Object.keys(judge[0]!)).toEqual(["word", "label", "augmented"]);
  });

  test("a strategy that finds nothing better keeps the program", async () => {
    currentLM.set(new FunctionModel(() => JSON.stringify({ label: "hot" }), { name: "constant" }));
    const program = plantedProgram();
    const optimization = await new LabeledFewShot(options).compile(program, { train, val });
    expect(optimization.kept).toBe(true);
    expect(optimization.program).toBe(program);
  });

  test("the objective decides, not the mean alone", async () => {
    currentLM.set(plantedModel());
    const optimization = await new LabeledFewShot({ ...options, objective: macroF1("label") }).compile(
      plantedProgram(),
      { train, val },
    );
    const base = optimization.ranking.find(({ candidate }) => candidate.origin === "base")!;
    expect(base.score).not.toBeCloseTo(
      base.results.filter(({ score }) => score === 1).length / val.length,
      6,
    );
  });
});

describe("budget", () => {
  test("rollouts are never exceeded, and the best so far is kept", async () => {
    const model = plantedModel();
    currentLM.set(model);
    const optimization = await new RandomSearch({ ...options, numCandidates: 8 }).compile(plantedProgram(), {
      train,
      val,
      budget: { rollouts: 100 },
    });
    expect(optimization.used.task.rollouts).toBeLessThanOrEqual(100);
    expect(model.calls).toBe(optimization.used.task.calls);
    expect(optimization.stopped).toContain("100 rollouts");
    expect(optimization.ranking.length).toBeGreaterThanOrEqual(2);
  });

  test("helpers are budgeted apart", async () => {
    currentLM.set(plantedModel());
    const optimization = await new GepaSkeleton({ ...options, rounds: 50 }).compile(plantedProgram(), {
      train,
      val,
      budget: { reflection: { calls: 1 } },
    });
    expect(optimization.used.reflection.calls).toBe(1);
  });

  test.each(["tokens", "cost", "seconds"] as const)(
    "%s that are spent end it with the rows under way, and what was paid is written down",
    async (what) => {
      const journal = join(folder, "study.jsonl");
      let calls = 0;
      currentLM.set(
        new FunctionModel(
          async (request) => {
            calls++;
            await new Promise((resolve) => setTimeout(resolve, 10));
            return {
              choices: [{ text: plantedReply(request), toolCalls: [], finishReason: "stop" as const }],
              usage: { inputTokens: 9, outputTokens: 1, cachedTokens: 0, reasoningTokens: 0 },
              cost: 0.1,
            };
          },
          { name: "priced" },
        ),
      );
      const limit = { tokens: 100, cost: 1, seconds: 0.05 }[what];
      const run = (journal?: string) =>
        new RandomSearch(options).compile(plantedProgram(), {
          train,
          val: plantedRows(400, 2),
          concurrency: 4,
          budget: { [what]: limit },
          journal,
        });
      const { stopped, used } = await run(journal);
      expect(stopped).toContain(`budget of ${limit}`);
      expect(calls).toBeLessThan(400);
      if (what !== "seconds") expect(calls).toBeLessThanOrEqual(10 + 4);
      expect(used.task).toMatchObject({ rollouts: calls, calls, tokens: calls * 10 });
      const written = (await readFile(journal, "utf8")).split("\n");
      expect(written.filter((line) => line.includes('"rollout"')).length).toBe(calls);
      if (what === "seconds") return;
      const paid = calls;
      const again = await run(journal);
      expect(calls).toBe(paid);
      expect(again.used).toEqual(used);
    },
  );

  test("dollars cannot be promised where the price is not known", async () => {
    currentLM.set(
      new FunctionModel(
        (request) => ({
          choices: [{ text: plantedReply(request), toolCalls: [], finishReason: "stop" }],
          cost: null,
        }),
        {
          name: "unpriced",
        },
      ),
    );
    const optimization = await new RandomSearch(options).compile(plantedProgram(), {
      train,
      val,
      budget: { cost: 1 },
    });
    expect(optimization.stopped).toContain("price is not known");
  });
});

describe("journal", () => {
  test("a finished run is replayed without a call, and its figures are the same", async () => {
    const journal = join(folder, "study.jsonl");
    const model = plantedModel();
    currentLM.set(model);
    const first = await new GepaSkeleton(options).compile(plantedProgram(), { train, val, journal });
    const paid = model.calls;
    const again = await new GepaSkeleton(options).compile(plantedProgram(), { train, val, journal });
    expect(model.calls).toBe(paid);
    expect(outcome(again)).toEqual(outcome(first));
    expect(
      (await readFile(journal, "utf8")).split("\n").filter((line) => line.includes('"decision"')).length,
    ).toBeGreaterThan(0);
  });

  test("a line that was cut is dropped, and the run goes on", async () => {
    const journal = join(folder, "study.jsonl");
    currentLM.set(plantedModel());
    const first = await new LabeledFewShot(options).compile(plantedProgram(), { train, val, journal });
    const text = await readFile(journal, "utf8");
    await writeFile(journal, text.slice(0, Math.floor(text.length / 2)));
    const again = await new LabeledFewShot(options).compile(plantedProgram(), { train, val, journal });
    expect(outcome(again)).toEqual(outcome(first));
  });

  test("a journal of another study is refused, and says what differs", async () => {
    const journal = join(folder, "study.jsonl");
    currentLM.set(plantedModel());
    await new LabeledFewShot(options).compile(plantedProgram(), { train, val, journal });
    await expect(
      new LabeledFewShot({ ...options, seed: 6 }).compile(plantedProgram(), { train, val, journal }),
    ).rejects.toThrow(/differs: seed/);
    await expect(
      new LabeledFewShot(options).compile(plantedProgram(), { train: val, val, journal }),
    ).rejects.toThrow(/differs: train/);
  });

  test("a journal is refused where the metric's settings or the code of the program changed", async () => {
    const journal = join(folder, "study.jsonl");
    currentLM.set(plantedModel());
    const within = (limit: number) =>
      Object.assign((row: { text: string }) => row.text.length <= limit, { identity: `${limit}` });
    const run = (program: Module, limit: number) =>
      new LabeledFewShot({ ...options, metric: within(limit) }).compile(program, { train, val, journal });
    await run(new TwoSteps(), 20);
    await run(new TwoSteps(), 20);
    await expect(run(new TwoSteps(), 30)).rejects.toThrow(/differs: metric/);
    class Guessing extends TwoSteps {
      override forward() {
        return Promise.resolve({ label: "hot" as const });
      }
    }
    await expect(run(new Guessing(), 20)).rejects.toThrow(/differs: program/);
  });

  test("a changed budget resumes", async () => {
    const journal = join(folder, "study.jsonl");
    const model = plantedModel();
    currentLM.set(model);
    const whole = await new RandomSearch({ ...options, numCandidates: 4 }).compile(plantedProgram(), {
      train,
      val,
    });
    const calls = model.calls;
    model.calls = 0;
    const short = await new RandomSearch({ ...options, numCandidates: 4 }).compile(plantedProgram(), {
      train,
      val,
      journal,
      budget: { rollouts: 70 },
    });
    expect(short.stopped).toBeDefined();
    const long = await new RandomSearch({ ...options, numCandidates: 4 }).compile(plantedProgram(), {
      train,
      val,
      journal,
    });
    expect(outcome(long)).toEqual(outcome(whole));
    expect(model.calls).toBe(calls);
  });

  test("an outage is neither scored nor written down: the study stops, and resumes when it is over", async () => {
    const journal = join(folder, "study.jsonl");
    let down = false;
    let calls = 0;
    currentLM.set(
      new FunctionModel(
        (request) => {
          if (down || ++calls > 45) throw new UnreachableError("the endpoint is away");
          return plantedReply(request);
        },
        { name: "planted" },
      ),
    );
    const make = () => new LabeledFewShot({ ...options, k: 3 });
    const run = () =>
      make().compile(plantedProgram(), { train, val, journal, maxOutages: 5, concurrency: 4 });
    await expect(run()).rejects.toThrow(StudyInterrupted);
    down = false;
    calls = -10_000;
    const resumed = await run();
    currentLM.set(plantedModel());
    const whole = await make().compile(plantedProgram(), { train, val });
    expect(outcome(resumed)).toEqual(outcome(whole));
    expect(calls).toBe(-10_000 + 2 * val.length - 45);
  });

  test("asks the model that `configure` set to help", async () => {
    const proposer = plantedProposer();
    await withCallSettings({ lm: proposer }, () =>
      new GEPA({ metric: plantedMetric, seed: 1 }).compile(plantedProgram().edited({ lm: plantedModel() }), {
        train,
        val,
        budget: { rollouts: 120 },
      }),
    );
    expect(proposer.calls).toBeGreaterThan(0);
  });

  test("a candidate of the ranking can be taken in place of the best", async () => {
    currentLM.set(plantedModel());
    const found = await new RandomSearch({ ...options, numCandidates: 2 }).compile(plantedProgram(), {
      train,
      val,
    });
    const second = found.ranking[1]!.candidate;
    expect(found.programOf(second).state.demos).toEqual(second.edits.self?.demos ?? []);
  });

  test("an abort ends it with the signal's reason", async () => {
    currentLM.set(plantedModel({ wait: 5 }));
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 30);
    await expect(
      new RandomSearch({ ...options, numCandidates: 50 }).compile(plantedProgram(), {
        train,
        val,
        signal: stop.signal,
        concurrency: 2,
      }),
    ).rejects.toThrow("enough");
  });
});
