import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError, random } from "../../src/core/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { currentLM, FunctionModel } from "../../src/lm/index.ts";
import { exactMatch, expectedCalibrationError, type Metric } from "../../src/metrics/index.ts";
import {
  Calibration,
  ChainOfThought,
  labelProbabilities,
  loadProgram,
  Module,
  Predict,
  scaleLogprobs,
} from "../../src/modules/index.ts";
import { Calibrate, LabeledFewShot, type Objective, optimizerByName } from "../../src/optimizers/index.ts";
import { fitScaling, logLikelihood } from "../../src/optimizers/label-scaling.ts";
import { signature } from "../../src/signature/index.ts";
import { bias, biasedModel, biasedRows, labels } from "./biased-model.ts";

const [train, val, unseen] = [biasedRows(120, 1), biasedRows(60, 2), biasedRows(200, 3)];
const metric = exactMatch("label");
const program = () => new Predict("text -> label: Literal['hot', 'cold', 'mild']", "Say how it is.");

function useModel(options?: Parameters<typeof biasedModel>[1]) {
  const model = biasedModel([train, val, unseen], options);
  currentLM.set(model);
  return model;
}

async function onUnseen(tried: ReturnType<typeof program>) {
  const evaluation = await evaluate(tried, unseen, metric);
  const answers = [...evaluation.rows].flatMap(({ trace, outputs, score }) => {
    const confidence = trace[0]!.probabilities?.[String(outputs!.label)];
    return confidence === undefined ? [] : [{ confidence, correct: score === 1 }];
  });
  return { score: evaluation.score, macroF1: evaluation.macroF1!, error: expectedCalibrationError(answers) };
}

const calibrationOf = ({ extensions }: Pick<Predict, "extensions">) => extensions.calibration as Calibration;

afterEach(() => {
  currentLM.set(undefined);
  vi.restoreAllMocks();
});

describe("Calibrate", () => {
  test("takes the model's bias away, and its probabilities are calibrated, on rows not seen", async () => {
    useModel();
    const tuned = await new Calibrate({ metric }).compile(program(), { train, val });
    const plain = program().edited({ extensions: { calibration: Calibration.plain(labels) } });
    const [before, raw, after] = [
      await onUnseen(program()),
      await onUnseen(plain),
      await onUnseen(tuned.program),
    ];
    expect(tuned.kept).toBe(false);
    expect(raw.score).toBe(before.score);
    expect(before.score).toBeLessThan(0.75);
    expect(after.score).toBeGreaterThan(0.78);
    expect(raw.error).toBeGreaterThan(0.15);
    expect(after.error).toBeLessThan(0.08);
    const { scale, offsets } = calibrationOf(tuned.program).state;
    // The model is surer than it should be, and leans as was planted.
    expect(scale).toBeLessThan(0.8);
    expect(offsets[1]! - offsets[0]!).toBeGreaterThan((scale * (bias[0]! - bias[1]!)) / 2);
    expect(offsets[2]!).toBeGreaterThan(offsets[1]!);
  });

  test("answers rare labels more often where the objective counts them for more", async () => {
    useModel();
    const meanRecall: Objective = (rows) => {
      const recalls = labels.map((label) => rows.filter(({ row }) => row.label === label));
      const hits = recalls.map((of) => of.filter(({ result }) => result.score === 1).length / of.length);
      return hits.reduce((sum, hit) => sum + hit, 0) / labels.length;
    };
    const tuned = await new Calibrate({ metric, objective: meanRecall }).compile(program(), { train, val });
    const accurate = await new Calibrate({ metric }).compile(program(), { train, val });
    const { preferences, ...scaling } = calibrationOf(tuned.program).state;
    expect(preferences[2]! - preferences[1]!).toBeGreaterThan(0.5);
    // The probabilities do not bend to the objective.
    expect(calibrationOf(accurate.program).state).toMatchObject(scaling);
    const recall = async (tried: ReturnType<typeof program>) =>
      (await evaluate(tried, unseen, metric)).confusion!.classes().find(({ label }) => label === "mild")!
        .recall;
    expect(await recall(tuned.program)).toBeGreaterThan(await recall(accurate.program));
  });

  test("what does not raise the objective on rows held out is not tried", async () => {
    const model = useModel();
    const given = program();
    const tuned = await new Calibrate({ metric, objective: () => 0.5 }).compile(given, { train, val });
    expect(tuned.program).toBe(given);
    expect(tuned.ranking.map(({ candidate }) => candidate.origin)).toEqual(["base", "label weights"]);
    expect(model.calls).toBe(2 * val.length + train.length);
  });

  test("without labels: what inputs without content show is taken away", async () => {
    const model = useModel();
    const unlabeled = biasedRows(20, 1).drop("label");
    const tuned = await new Calibrate({ metric, labeled: false }).compile(program(), {
      train: unlabeled,
      val,
    });
    const { scale, offsets, preferences } = calibrationOf(tuned.program).state;
    expect(scale).toBe(1);
    expect(preferences).toEqual([0, 0, 0]);
    expect(offsets[1]! - offsets[0]!).toBeCloseTo(bias[0]! - bias[1]!, 4);
    expect(tuned.after).toBeGreaterThan(tuned.before + 0.1);
    expect(tuned.used.prompt.calls).toBe(3);
    // The program as it was and calibrated, on the validation rows, and the three.
    expect(model.calls).toBe(2 * val.length + 3);
  });

  test("rows without labels are calibrated for without them", async () => {
    useModel();
    const truths = new Map([...train.rows(), ...val.rows()].map(({ text, label }) => [text, label]));
    const judged: Metric<{ text: string }, { label: string }> = ({ text }, { label }) =>
      truths.get(text) === label;
    const tuned = await new Calibrate({ metric: judged }).compile(program(), {
      train: train.drop("label"),
      val: val.drop("label"),
    });
    expect(calibrationOf(tuned.program).state.scale).toBe(1);
    expect(tuned.kept).toBe(false);
  });

  test("keeps instructions and demos that were found before, and another calibration out", async () => {
    useModel();
    const shown = await new LabeledFewShot({ metric, k: 2 }).compile(program(), { train, val });
    const demos = train.rows().slice(0, 2);
    const given = program().edited({
      demos,
      extensions: {
        calibration: new Calibration({ labels, scale: 1, offsets: [9, 0, 0], preferences: [0, 0, 0] }),
      },
    });
    const tuned = await new Calibrate({ metric }).compile(given, { train, val });
    expect(shown.optimizer).toBe("LabeledFewShot");
    expect(tuned.program.demos).toEqual(demos);
    expect(calibrationOf(tuned.program).state.offsets[0]).toBeLessThan(0);
  });

  test("calibrates each predictor of a program that can be, and notes which stay as they are", async () => {
    const label = "label: Literal['hot', 'cold', 'mild']";
    class Described extends Module {
      static override signature = signature(`text -> ${label}`);
      classify = program();
      explain = new ChainOfThought(`text -> ${label}`);
      both = new Predict(`text -> ${label}, sure: bool`);
      async forward({ text }: { text: string }) {
        return this.classify.call({ text });
      }
    }
    useModel();
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-calibrate-")), "study.jsonl");
    const given = { train, val, journal };
    const { program: tuned } = await new Calibrate({ metric }).compile(new Described(), given);
    expect(Object.keys(tuned.classify.extensions)).toEqual(["calibration"]);
    expect([tuned.explain.predict.extensions, tuned.both.extensions]).toEqual([{}, {}]);
    const notes = [...(await readFile(journal, "utf8")).matchAll(/"what":"(\S+) is not calibrated"/g)];
    expect(notes.map(([, path]) => path)).toEqual(["explain.predict", "both"]);
  });

  test.each([
    ["ChainOfThought", () => new ChainOfThought("text -> label: Literal['hot', 'cold', 'mild']")],
    ["Predict", () => new Predict("text -> label: Literal['hot', 'cold', 'mild'], sure: bool")],
  ])("keeps a %s none of whose predictors can be calibrated, and says so", async (name, make) => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const model = Object.assign(
      new FunctionModel(() => {
        model.calls++;
        return JSON.stringify({ reasoning: "so", label: "hot", sure: true });
      }),
      { calls: 0 },
    );
    currentLM.set(model);
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-calibrate-")), "study.jsonl");
    const given = make();
    for (const labeled of [true, false]) {
      const options = { train, val, journal: `${journal}.${labeled}` };
      const tuned = await new Calibrate({ metric, labeled }).compile(given, options);
      expect([tuned.program, tuned.kept, tuned.stopped]).toEqual([given, true, undefined]);
      expect(await readFile(options.journal, "utf8")).toContain('"what":"not calibrated","data":"it takes');
    }
    expect(model.calls).toBe(2 * val.length);
    expect(warn).toHaveBeenCalledTimes(2);
    expect(warn.mock.calls[0]![0]).toContain(
      `no predictor of ${name} is calibrated: it takes exactly one output`,
    );
  });

  test("an endpoint that tells no log-probabilities leaves the program as it is, for one row's calls", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const model = useModel({ logprobs: false });
    const given = program();
    const tuned = await new Calibrate({ metric }).compile(given, { train, val });
    expect(tuned.program).toBe(given);
    expect(model.abilities.logprobs).toBe(false);
    expect(model.calls).toBe(val.length + 2);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test("the same seed gives the same run at any concurrency; another draws other rows", async () => {
    const run = async (seed: number, concurrency: number) => {
      useModel();
      const tuned = await new Calibrate({ metric, seed, maxRows: 60 }).compile(program(), {
        train,
        val,
        concurrency,
      });
      return [
        tuned.ranking.map(({ candidate, score }) => [candidate.id, score]),
        calibrationOf(tuned.program).state,
      ];
    };
    const one = await run(4, 1);
    expect(await run(4, 32)).toEqual(one);
    expect(await run(5, 1)).not.toEqual(one);
  });

  test("resumes from its journal: log-probabilities are read from it, and nothing is paid again", async () => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-calibrate-")), "study.jsonl");
    const run = async (limit: number, labeled: boolean, file = journal) => {
      const model = useModel();
      const tuned = await new Calibrate({ metric, labeled }).compile(program(), {
        train,
        val,
        journal: file,
        budget: { rollouts: limit },
      });
      return { calls: model.calls, tuned };
    };
    // Enough for the program as it was and the label weights, not for a candidate.
    const first = await run(2 * val.length + train.length, true);
    expect(first.tuned.stopped).toContain("rollouts");
    expect(first.tuned.kept).toBe(true);
    const second = await run(1000, true);
    expect(second.calls).toBe(val.length);
    const third = await run(1000, true);
    expect(third.calls).toBe(0);
    expect(calibrationOf(third.tuned.program).state).toEqual(calibrationOf(second.tuned.program).state);
    expect(await readFile(journal, "utf8")).toContain('"probabilities"');
    const contextual = `${journal}.contextual`;
    await run(1000, false, contextual);
    expect((await run(1000, false, contextual)).calls).toBe(0);
  });

  test("a budget in rollouts holds", async () => {
    useModel();
    const tuned = await new Calibrate({ metric, maxRows: 40 }).compile(program(), {
      train,
      val,
      budget: { rollouts: val.length * 2 + 80 },
    });
    expect(tuned.used.task.rollouts).toBe(val.length * 2 + 80);
    expect(tuned.kept).toBe(false);
  });

  test("goes by the name calibrate", () => {
    expect(optimizerByName("calibrate")!({ metric })).toBeInstanceOf(Calibrate);
  });
});

describe("a calibrated program", () => {
  const calibration = new Calibration({
    labels,
    scale: 0.5,
    offsets: [-2, 0, 1.5],
    preferences: [0, 0, 0.25],
  });

  test("is saved and loaded with its calibration, by a plain load", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const path = join(await mkdtemp(join(tmpdir(), "lmframe-calibrate-")), "program.json");
    await program().edited({ extensions: { calibration } }).save(path);
    const loaded = await loadProgram(path);
    expect(calibrationOf(loaded as Predict).toJSON()).toEqual(calibration.toJSON());
    const text = await readFile(path, "utf8");
    expect(() => Calibration.read(JSON.parse(text) as object, 1)).toThrow(ConfigurationError);
    expect(() => Calibration.read(calibration.toJSON(), 2)).toThrow("version 2, expected one of version 1");
    expect(() => Calibration.read({ ...calibration.toJSON(), offsets: [1] }, 1)).toThrow("for each label");
  });

  test("tells the probabilities of one call, with a calibration or without", async () => {
    useModel();
    const { text } = unseen.rows()[0]!;
    const raw = (await labelProbabilities(program(), { text }))!;
    const found = (await labelProbabilities(program().edited({ extensions: { calibration } }), { text }))!;
    const expected = calibration.logprobs(labels.map((label) => Math.log(raw[label]!))).map(Math.exp);
    expect(labels.map((label) => found[label])).toEqual(expected.map((p) => expect.closeTo(p, 9) as number));
    expect(Object.values(found).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
    await expect(labelProbabilities(new Predict("text -> label: str"), { text })).rejects.toThrow(
      "cannot be calibrated: it takes exactly one output",
    );
  });

  test("a calibration of other labels than the field's is refused", async () => {
    useModel();
    const other = new Predict("text -> label: Literal['hot', 'cold']", {
      extensions: { calibration: Calibration.plain(labels) },
    });
    await expect(other.call({ text: "reading 1-1" })).rejects.toThrow(
      'the calibration is of the labels hot, cold, mild, but "label" may be hot, cold',
    );
  });

  test("sends the settings of the call and of the predictor, those of the predictor first", async () => {
    const model = useModel();
    const complete = vi.spyOn(model, "complete");
    const own = new Predict("text -> label: Literal['hot', 'cold', 'mild']", {
      maxTokens: 9,
      extensions: { calibration },
    });
    await own.call({ text: "reading 1-1" }, { maxTokens: 5, seed: 3 });
    expect(complete.mock.calls[0]![0]).toMatchObject({
      maxTokens: 9,
      seed: 3,
      temperature: 0,
      topLogprobs: 20,
    });
  });
});

describe("the fit", () => {
  const draw = random(1);
  const rows = Array.from({ length: 400 }, () => {
    const expected = draw.integer(3);
    const logprobs = scaleLogprobs(
      labels.map((_, index) => 3 * (index === expected ? 1 : 0) + 4 * draw.next()),
      { scale: 1, offsets: [0, 2, 0] },
    );
    return { logprobs, expected };
  });

  test("is the most likely one: no step away from it is better", () => {
    const penalty = 0.5;
    const fitted = fitScaling(rows, 3, penalty);
    const objective = ({ scale, offsets }: typeof fitted) =>
      logLikelihood(rows, { scale, evidenceScale: 0, offsets }) -
      (penalty / 2) * ((scale - 1) ** 2 + offsets.reduce((sum, offset) => sum + offset ** 2, 0));
    const reached = objective(fitted);
    for (const step of [0.01, -0.01]) {
      expect(objective({ ...fitted, scale: fitted.scale + step })).toBeLessThan(reached);
      for (const index of [0, 1, 2]) {
        const offsets = fitted.offsets.map((offset, place) => offset + (place === index ? step : 0));
        expect(objective({ ...fitted, offsets })).toBeLessThan(reached);
      }
    }
  });

  test("stays with the model's weights the more, the higher the penalty; few rows are no trouble", () => {
    const { scale, offsets } = fitScaling(rows, 3, 1e9);
    expect(scale).toBeCloseTo(1, 3);
    for (const offset of offsets) expect(offset).toBeCloseTo(0, 3);
    const lone = fitScaling([{ logprobs: [-700, -1e-9, -700], expected: 0 }], 3, 1);
    expect([lone.scale, ...lone.offsets].every(Number.isFinite)).toBe(true);
  });
});
