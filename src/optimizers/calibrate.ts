import { errorText } from "../core/index.ts";
import type { Rollout } from "../evaluate/index.ts";
import type { Label } from "../lm/index.ts";
import { sameText } from "../metrics/index.ts";
import {
  Calibration,
  type LabelProbabilities,
  labelProbabilities,
  Module,
  type Predict,
  weighableField,
} from "../modules/index.ts";
import type { Embedder } from "../retrieval/index.ts";
import { type CalibrationFit, fitCalibration } from "./calibration-fit.ts";
import type { Candidate } from "./candidate.ts";
import { inputText } from "./input-text.ts";
import { meanScore, type ScoredRow } from "./objective.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { Probe } from "./probe.ts";
import { fitProbe, type LinearProbe, probed, type ProbeFit } from "./probe-fit.ts";
import type { Split, Study } from "./study.ts";

/** Options of {@link Calibrate}. */
export interface CalibrateOptions extends OptimizerOptions {
  /**
   * Fit to the rows' labels; false: remove the bias that inputs without content show, which takes no labels and no
   * training rows. Default true; a predictor is calibrated without where fewer than 10 rows have its label.
   */
  labeled?: boolean;
  /**
   * Rows fitted to at most, of the training and of the validation rows each, drawn by the seed: the few numbers to
   * fit need no more. Default 300.
   */
  maxRows?: number;
  /**
   * Adds what the inputs' embedding says of a label to what the model says, by a {@link Probe} fitted to training rows,
   * where that predicts rows held out better. Default: none, the model's weights alone.
   */
  embedder?: Embedder | undefined;
}

/** A predictor whose labels can be weighed. */
interface Weighable {
  path: string;
  field: string;
  labels: readonly Label[];
}

/** Why a predictor stays as it is. */
const notWeighable =
  "it takes exactly one output, of two labels or more, such as label: Literal['yes', 'no']";

/** Inputs that say nothing: what a model answers to them is its bias (Zhao et al. 2021, section 4). */
const contentFree = ["N/A", "", "[MASK]"];

/** Labelled rows below which nothing is fitted. */
const fewestRows = 10;
/** Rows that a probe is fitted to at most: the time grows with their cube. */
const mostProbeRows = 1000;

/**
 * Frees answers of the model's bias towards some labels, and gives each label a probability that is calibrated; see
 * {@link Calibration}. For predictors whose only output is a `Literal` or a boolean, at endpoints that tell
 * log-probabilities. Other predictors, such as a `ChainOfThought`, stay as they are, and the journal names them; where
 * there is no other, or the endpoint tells none, the program is kept as it is, and a warning says so. Instructions and
 * demos stay, so it is run last.
 *
 * With labels: a scale and an offset for each label, fitted by likelihood, and preferences chosen for the objective;
 * with an `embedder` also a {@link Probe} of the inputs, fitted to the training rows alone, whatever `maxRows` is: it
 * takes no rollouts. What it is worth beside the model is fitted on rows that it did not see (stacking, Wolpert 1992).
 * The few numbers are fitted to training and validation rows alike, and taken only where they raise the objective on
 * rows held out in turn; the validation rows alone are too few to tell. The figure on them is so a little too good:
 * what the journal says of rows held out is nearer, and test rows are best.
 *
 * Without labels: contextual calibration, each label's probability divided by its probability for inputs without
 * content (Zhao et al. 2021, https://arxiv.org/abs/2102.09690).
 *
 * Needs no proposer; the three calls of a contextual calibration are counted as the prompt model's.
 */
export class Calibrate extends Optimizer<CalibrateOptions> {
  protected async search(study: Study): Promise<void> {
    const { labeled = true, maxRows = 300 } = this.options;
    const weighable = findWeighable(study);
    if (weighable.length === 0) {
      study.decide("not calibrated", notWeighable);
      process.emitWarning(`no predictor of ${study.program.constructor.name} is calibrated: ${notWeighable}`);
      return;
    }
    for (const path of study.tunable.keys()) {
      if (weighable.some((one) => one.path === path)) continue;
      study.decide(`${path} is not calibrated`, notWeighable);
    }
    const drawn = (split: Split) =>
      study.random(`calibration, ${split}`).sample(study[split].rows().keys(), maxRows);
    const [train, val] = [drawn("train"), drawn("val")];
    study.plan(study.val.length * 2 + (labeled ? train.length + val.length : 0));
    const plain = weighing(study, weighable);
    if (labeled && !(await tellsWeights(study, plain, train[0]!))) {
      study.decide("not calibrated", "the endpoint tells no log-probabilities of labels");
      return;
    }
    const runs = labeled
      ? [...(await scoredRows(study, plain, "train", train)), ...(await scoredRows(study, plain, "val", val))]
      : [];
    const found = new Map<string, Calibrating>();
    for (const predictor of weighable) {
      const fit = await this.#fit(study, predictor, runs);
      if (fit && fit.objective.after <= fit.objective.before) continue;
      const calibration = fit?.calibration ?? (await contextual(study, predictor));
      if (calibration) found.set(predictor.path, { calibration, ...(fit?.probe && { probe: fit.probe }) });
    }
    await study.evaluate(calibrated(study, found, "calibrated", plain));
  }

  /** Undefined where too few rows have a label. */
  async #fit(
    study: Study,
    predictor: Weighable,
    runs: readonly ScoredRow[],
  ): Promise<(CalibrationFit & { probe?: Probe }) | undefined> {
    const { path, field, labels } = predictor;
    const found = runs.flatMap(({ row, result }) => {
      const expected = placeOf(row[field], labels);
      const weighed = weighingOf(result, path);
      if (expected === undefined || !weighed) return [];
      return [{ row, result, expected, ...weighed }];
    });
    if (found.length < fewestRows) {
      study.decide(`${path} is not fitted`, `${found.length} rows have a label in "${field}"`);
      return undefined;
    }
    const objective = this.options.objective ?? meanScore;
    const judge = (answers: readonly number[]) =>
      objective(
        found.map(({ row, result, expected }, index) => ({
          row,
          result: answered(result, field, labels[answers[index]!]!, answers[index] === expected),
        })),
      );
    const fitted = (evidence?: readonly (readonly number[])[]) => {
      const rows = found.map(({ probabilities, expected }, index) => ({
        logprobs: logprobsOf(probabilities, labels),
        evidence: evidence?.[index],
        expected,
      }));
      const fit = fitCalibration(rows, labels, study.random(`folds of ${path}`), judge);
      const { calibration: _, ...figures } = fit;
      const by = evidence ? "is fitted with a probe" : "is fitted";
      study.decide(`${path} ${by}`, { rows: rows.length, ...figures });
      return fit;
    };
    const alone = fitted();
    const { embedder } = this.options;
    const evidence =
      embedder &&
      (await probeEvidence(
        study,
        predictor,
        embedder,
        found.map(({ inputs }) => inputs),
      ));
    if (!evidence) return alone;
    const joined = fitted(evidence.logOdds);
    const better = joined.objective.after > alone.objective.after && joined.likelihood > alone.likelihood;
    if (!better) return alone;
    const scaled = (value: number) => Number((joined.evidenceScale * value).toPrecision(6));
    const probe = new Probe(
      {
        embedder: embedder.identity,
        labels,
        directions: evidence.probe.directions.map((direction) => direction.map(scaled)),
        offsets: evidence.probe.offsets.map(scaled),
        means: evidence.probe.means.map(scaled),
      },
      embedder,
    );
    return { ...joined, probe };
  }
}

/** What is learnt of one predictor. */
interface Calibrating {
  calibration: Calibration;
  probe?: Probe;
}

/**
 * A probe of the training rows, and the log-odds it gives to each of `asked`: to a training row's inputs those of a
 * probe that did not see them. Undefined, with the reason in the journal, where there is no probe.
 */
async function probeEvidence(
  study: Study,
  { path, field, labels }: Weighable,
  embedder: Embedder,
  asked: readonly Readonly<Record<string, unknown>>[],
): Promise<{ probe: LinearProbe; logOdds: readonly (readonly number[])[] } | undefined> {
  const { signature } = study.program.predictors().get(path)!;
  const labeled = new Map<string, number>();
  for (const index of study.random(`probe of ${path}`).sample(study.train.rows().keys(), mostProbeRows)) {
    const row = study.row("train", index);
    const expected = placeOf(row[field], labels);
    // What a step before makes is not in the row: vectors of a part would mislead.
    const partial = signature.inputs.some(({ name, type }) => type.kind !== "optional" && !(name in row));
    if (expected === undefined || partial) continue;
    labeled.set(inputText(signature, row), expected);
  }
  if (labeled.size < fewestRows) {
    study.decide(`${path} has no probe`, `${labeled.size} training rows have its inputs and a label`);
    return undefined;
  }
  const askedTexts = asked.map((inputs) => inputText(signature, inputs));
  const texts = [...new Set([...labeled.keys(), ...askedTexts])];
  let vectors: readonly Float32Array[];
  try {
    vectors = await embedder.embed(texts, { signal: study.signal });
  } catch (error) {
    study.signal?.throwIfAborted();
    study.decide(`${path} has no probe`, errorText(error));
    return undefined;
  }
  const places = new Map(texts.map((text, place) => [text, place]));
  const expected = [...labeled.values()];
  // The training rows' texts stand first.
  const rows = expected.map((label, place) => ({ vector: vectors[place]!, expected: label }));
  const probe: ProbeFit = await fitProbe(rows, labels.length);
  study.decide(`${path} has a probe`, { rows: rows.length, penalty: probe.penalty });
  const logOdds = askedTexts.map((text) => {
    const place = places.get(text)!;
    return probe.leftOut[place] ?? probed(probe, vectors[place]!);
  });
  return { probe, logOdds };
}

/** True where a predictor's labels can be weighed and the endpoint tells how it weighs them; takes one rollout. */
export async function canCalibrate(study: Study): Promise<boolean> {
  const weighable = findWeighable(study);
  return weighable.length > 0 && (await tellsWeights(study, weighing(study, weighable), 0));
}

/** The program as it is, with the weights of labels told. */
function weighing(study: Study, weighable: readonly Weighable[]): Candidate {
  const plain = new Map(
    weighable.map(({ path, labels }) => [path, { calibration: Calibration.plain(labels) }]),
  );
  return calibrated(study, plain, "label weights", study.base);
}

/** A candidate's rollouts with their rows, outages left out. */
async function scoredRows(
  study: Study,
  candidate: Candidate,
  split: Split,
  rows: readonly number[],
): Promise<ScoredRow[]> {
  const { results } = await study.evaluate(candidate, { split, rows });
  return results.flatMap((result, place) =>
    result.status === "outage" ? [] : [{ row: study.row(split, rows[place]!), result }],
  );
}

function findWeighable(study: Study): Weighable[] {
  return [...study.tunable].flatMap(([path, { signature }]) => {
    const field = weighableField(signature);
    return field ? [{ path, field: field.name, labels: field.labels }] : [];
  });
}

function calibrated(
  study: Study,
  found: ReadonlyMap<string, Calibrating>,
  origin: string,
  parent: Candidate,
): Candidate {
  const predictors = study.program.predictors();
  const edits = [...found].map(([path, learnt]) => {
    // It weighs what is sent at last, so what other extensions change of a call must come before it.
    const { calibration: _, probe: __, ...others } = predictors.get(path)!.extensions;
    return [path, { extensions: { ...learnt, ...others } }] as const;
  });
  return study.candidate(Object.fromEntries(edits), origin, [parent]);
}

/** True where the endpoint tells how it weighs labels, or cannot be reached to say. */
async function tellsWeights(study: Study, plain: Candidate, row: number): Promise<boolean> {
  const [result] = (await study.evaluate(plain, { split: "train", rows: [row] })).results;
  return result!.status !== "scored" || result!.trace.some(({ probabilities }) => probabilities);
}

/** Inputs and weights of the last call; a predictor in a loop is judged by where it ended. */
function weighingOf({ trace }: Rollout, path: string) {
  const call = trace.findLast(({ predictor, probabilities }) => predictor === path && probabilities);
  return call?.probabilities && { inputs: call.inputs, probabilities: call.probabilities };
}

function logprobsOf(probabilities: LabelProbabilities, labels: readonly Label[]): number[] {
  return labels.map((label) => Math.log(probabilities[String(label)]!));
}

function placeOf(value: unknown, labels: readonly Label[]): number | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  const exact = labels.findIndex((label) => String(label) === String(value));
  const place = exact >= 0 ? exact : labels.findIndex((label) => sameText(String(label), String(value)));
  return place >= 0 ? place : undefined;
}

/** The rollout as it would have been with another answer, for an objective to judge. */
function answered(result: Rollout, field: string, label: Label, right: boolean): Rollout {
  return {
    ...result,
    status: "scored",
    outputs: { ...result.outputs, [field]: label },
    score: right ? 1 : 0,
  };
}

/** What a predictor gives for inputs without content, as a program of its own, so that the study writes it down. */
class LabelWeights extends Module {
  readonly predictor: Predict;

  constructor(predictor: Predict) {
    super();
    this.predictor = predictor;
  }

  async forward(
    inputs: Readonly<Record<string, unknown>>,
  ): Promise<{ probabilities: LabelProbabilities | null }> {
    return { probabilities: (await labelProbabilities(this.predictor, inputs)) ?? null };
  }
}

/** Divides by the mean probabilities of inputs without content; undefined where there are none. */
async function contextual(study: Study, { path, labels }: Weighable): Promise<Calibration | undefined> {
  const predictor = study.program.predictors().get(path)!;
  const { calibration: _, probe: __, ...others } = predictor.extensions;
  const program = new LabelWeights(
    predictor.edited({ extensions: { calibration: Calibration.plain(labels), ...others } }),
  );
  const found: LabelProbabilities[] = [];
  for (const text of contentFree) {
    const inputs = predictor.signature.inputs.map(({ name, type }) => {
      if (type.kind === "history") return [name, { messages: [] }];
      const takesText = type.kind === "string" || (type.kind === "optional" && type.inner.kind === "string");
      return [name, takesText ? text : null];
    });
    const reply = await study.propose<{ probabilities: LabelProbabilities | null }>(
      "prompt",
      program,
      Object.fromEntries(inputs) as Record<string, unknown>,
    );
    if (reply?.probabilities) found.push(reply.probabilities);
  }
  if (found.length === 0) return undefined;
  const offsets = labels.map((label) => {
    const mean =
      found.reduce((sum, probabilities) => sum + (probabilities[String(label)] ?? 0), 0) / found.length;
    return Number((0 - Math.log(mean)).toFixed(6));
  });
  study.decide(`${path} is calibrated by context`, { labels, offsets });
  return new Calibration({ labels, scale: 1, offsets, preferences: labels.map(() => 0) });
}
