import type { AnySignature } from "../adapters/index.ts";
import { ConfigurationError, currentSpan, record, RefusedError, type Span } from "../core/index.ts";
import { type Label, labelLogprobs, type LanguageModel } from "../lm/index.ts";
import type { InputsOf, SignatureSource } from "../signature/index.ts";
import { type CallSettings, forModel } from "./call-settings.ts";
import type { Predict } from "./predict.ts";
import type { Extension, PredictorCall } from "./state.ts";

/** What turns a model's log-probabilities of labels into calibrated ones. */
export interface LabelScaling {
  /** What they are multiplied by: the inverse of a temperature. 1 leaves them as they are. */
  scale: number;
  /** Added to each after that, in the order of the labels; 0 leaves them as they are. */
  offsets: readonly number[];
}

/** What a calibration holds. Lists are in the order of `labels`. */
export interface CalibrationState extends LabelScaling {
  /** The labels the field may take, as its type names them. */
  labels: readonly Label[];
  /**
   * Added on top where the answer is chosen, never where a probability is told: a label is answered more often than
   * it is the likeliest, because the objective counts rare labels for more. 0: the likeliest label is the answer.
   */
  preferences: readonly number[];
}

/** Probability of each label, by the label as text; they add up to 1. */
export type LabelProbabilities = Readonly<Record<string, number>>;

/**
 * Makes a predictor weigh its labels, and answer by the weights once they are freed of the model's bias.
 *
 * For predictors whose only output is a `Literal` or a boolean. The answer has the probabilities of all labels beside
 * it: as `probabilities` in the traces of evaluations and in spans; for one call by {@link labelProbabilities}. Where
 * the endpoint tells no log-probabilities, the predictor answers as it would without, and a warning says so once.
 * A predictor that streams its answer does not while it is calibrated: the answer comes whole.
 */
export class Calibration implements Extension {
  readonly name = "calibration";
  readonly version = 1;
  readonly state: CalibrationState;

  constructor(state: CalibrationState) {
    const { labels, scale, offsets, preferences } = state;
    const complete = [offsets, preferences].every(
      (values) => values.length === labels.length && values.every(Number.isFinite),
    );
    if (labels.length < 2 || !Number.isFinite(scale) || !complete) {
      throw new ConfigurationError(
        "a calibration needs two labels or more, a scale, and an offset and a preference for each label; all finite numbers",
      );
    }
    this.state = state;
  }

  /** Weighs the labels and changes nothing: the answer is the label that the model holds for the likeliest. */
  static plain(labels: readonly Label[]): Calibration {
    const zeros = labels.map(() => 0);
    return new Calibration({ labels, scale: 1, offsets: zeros, preferences: zeros });
  }

  /** Makes a calibration from its saved form. Throws ConfigurationError where it is none, or of a later version. */
  static read(this: void, saved: unknown, version: number): Calibration {
    const { labels, scale, offsets, preferences } = (saved ?? {}) as Partial<CalibrationState>;
    if (version !== 1 || !Array.isArray(labels) || !Array.isArray(offsets) || !Array.isArray(preferences)) {
      throw new ConfigurationError(
        `found a saved calibration of version ${version}, expected one of version 1 with labels, scale, offsets and preferences`,
      );
    }
    return new Calibration({
      labels: labels as readonly Label[],
      scale: Number(scale),
      offsets,
      preferences,
    });
  }

  /** Calibrated log-probabilities from those of the model, and what else speaks for a label; all in the order of the labels. */
  logprobs(logprobs: readonly number[], evidence?: readonly number[]): number[] {
    return scaleLogprobs(logprobs, this.state, evidence);
  }

  /** The place of the label to answer, given calibrated log-probabilities. */
  choose(calibrated: readonly number[]): number {
    const { preferences } = this.state;
    return indexOfLargest(calibrated.map((logprob, index) => logprob + preferences[index]!));
  }

  async around(
    call: PredictorCall,
    next: (call: PredictorCall) => Promise<Record<string, unknown>>,
  ): Promise<Record<string, unknown>> {
    const { labels } = this.state;
    const field = requireWeighable(call.signature, labels);
    const logprobs = await weigh(call, field, labels);
    if (!logprobs) return next(call);
    const { labelEvidence } = call;
    const calibrated = this.logprobs(
      logprobs,
      labels.map((label) => labelEvidence?.[String(label)] ?? 0),
    );
    const span = currentSpan();
    if (span) {
      span.attributes.probabilities = Object.fromEntries(
        labels.map((label, index) => [String(label), Math.exp(calibrated[index]!)]),
      );
    }
    return { [field]: labels[this.choose(calibrated)] };
  }

  toJSON(): CalibrationState {
    return this.state;
  }
}

/** The log-probabilities of labels under a scaling, `evidence` added to each; their probabilities add up to 1. */
export function scaleLogprobs(
  logprobs: readonly number[],
  { scale, offsets }: LabelScaling,
  evidence?: readonly number[],
): number[] {
  const values = logprobs.map(
    (logprob, index) => scale * logprob + offsets[index]! + (evidence?.[index] ?? 0),
  );
  const largest = Math.max(...values);
  const total = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return values.map((value) => value - total);
}

/** The field whose labels can be weighed: the only output, a `Literal` or a boolean. Undefined where there is none. */
export function weighableField({ outputs }: AnySignature): { name: string; labels: Label[] } | undefined {
  const [only, ...others] = outputs;
  if (!only || others.length > 0) return undefined;
  const { name, type } = only;
  if (type.kind === "boolean") return { name, labels: [true, false] };
  if (type.kind !== "literal" || type.values.length < 2) return undefined;
  const labels = type.values.filter((value) => value !== null);
  return labels.length === type.values.length ? { name, labels } : undefined;
}

/**
 * How likely the predictor holds each label to be for these inputs: calibrated where it has a calibration, else as
 * the model weighs them. Undefined where the endpoint tells no log-probabilities.
 *
 * Throws ConfigurationError where the predictor's only output is not a `Literal` or a boolean.
 */
export async function labelProbabilities<S extends SignatureSource>(
  predictor: Predict<S>,
  inputs: InputsOf<S>,
  settings?: CallSettings,
): Promise<LabelProbabilities | undefined> {
  const { calibration = Calibration.plain(requireField(predictor.signature).labels), ...extensions } =
    predictor.extensions;
  const weighing = predictor.edited({ extensions: { calibration, ...extensions } });
  const spans: Span[] = [];
  await record(spans, () => weighing.call(inputs as never, settings));
  return spans.find(({ attributes }) => attributes.module === weighing)?.attributes.probabilities as
    LabelProbabilities | undefined;
}

function requireField(signature: AnySignature): { name: string; labels: Label[] } {
  const field = weighableField(signature);
  if (field) return field;
  throw new ConfigurationError(
    `${signature.toString()} cannot be calibrated: it takes exactly one output, of two labels or more, such as ` +
      `label: Literal['yes', 'no']`,
  );
}

function requireWeighable(signature: AnySignature, labels: readonly Label[]): string {
  const field = requireField(signature);
  if (field.labels.length === labels.length && labels.every((label) => field.labels.includes(label)))
    return field.name;
  throw new ConfigurationError(
    `the calibration is of the labels ${labels.join(", ")}, but "${field.name}" may be ${field.labels.join(", ")}; ` +
      `calibrate the predictor anew`,
  );
}

/** Beyond this, log-probabilities tell how a label was cut into tokens rather than how likely it is. */
const leastLogprob = -10;

/** The model's log-probability of each label; undefined, with one warning a model, where it tells none. */
async function weigh(
  { adapter, signature, demos, inputs, model, settings }: PredictorCall,
  field: string,
  labels: readonly Label[],
): Promise<number[] | undefined> {
  const { members, options } = forModel(settings);
  const { abilities } = model;
  const request = {
    ...members,
    ...adapter.constraint(signature),
    messages: adapter.format(signature, demos, inputs),
  };
  try {
    const weighed = await labelLogprobs(model, request, field, labels, options);
    abilities.logprobs ??= true;
    return weighed.map(({ logprob }) => Math.max(logprob, leastLogprob));
  } catch (error) {
    if (!tellsNone(error)) throw error;
    // Found out once: the next call does not ask. A model that told them before is asked again.
    if (request.responseFormat && abilities.jsonSchema !== false) abilities.logprobs ??= false;
    warnOnce(model, error as Error);
    return undefined;
  }
}

/** True where the endpoint cannot, or will not, tell how it weighs labels, and a call without that may do. */
function tellsNone(error: unknown): boolean {
  return (
    error instanceof ConfigurationError ||
    (error instanceof RefusedError &&
      /logprob|response_format|json_schema|structured output|grammar/i.test(error.message))
  );
}

const warned = new WeakSet<object>();

function warnOnce({ abilities }: LanguageModel, { message }: Error): void {
  if (warned.has(abilities)) return;
  warned.add(abilities);
  process.emitWarning(`a calibrated predictor answers uncalibrated: ${message}`);
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}
