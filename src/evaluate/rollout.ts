import {
  ConfigurationError,
  describeError,
  errorText,
  isOutage,
  isThenable,
  isUnreadable,
  type Span,
} from "../core/index.ts";
import { UsageMeter, usageOf } from "../lm/index.ts";
import { type Metric, noAnswer, readScore } from "../metrics/index.ts";
import {
  type CallSettings,
  type LabelProbabilities,
  type Module,
  type Predict,
  runRow,
} from "../modules/index.ts";

/**
 * How a row ended. `scored`: an answer, and the metric's score. `unreadable`: an answer that could not be read;
 * it scores 0. `failed`: the program itself threw; it scores 0. `outage`: no answer could be had; it has no
 * score, and says nothing of the program. So it is where a judge could not be reached.
 */
export type RolloutStatus = "scored" | "unreadable" | "failed" | "outage";

/** Requests, tokens and US dollars of one call of a predictor; cost is null where a price is not known. */
export interface PredictorUse {
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cost: number | null;
}

/** What one predictor was given and gave, in one of its calls. */
export interface PredictorTrace {
  /** Its path in the program. */
  predictor: string;
  inputs: Readonly<Record<string, unknown>>;
  /** Undefined where the call threw. */
  outputs: Readonly<Record<string, unknown>> | undefined;
  error?: string;
  seconds: number;
  /** What its requests to models took. */
  used?: PredictorUse;
  /** How likely each label was held to be, where the predictor weighs its labels. */
  probabilities?: LabelProbabilities;
}

/** One program on one row, scored. Plain data, which can be written and read again as JSON. */
export interface Rollout {
  status: RolloutStatus;
  outputs: Readonly<Record<string, unknown>> | undefined;
  /** NaN for an outage. */
  score: number;
  feedback: string | undefined;
  /** Name and message of what was thrown. */
  error: { name: string; message: string } | undefined;
  seconds: number;
  /** Requests to models, those answered from the cache included. */
  calls: number;
  inputTokens: number;
  outputTokens: number;
  /** US dollars; null where a price is not known. */
  cost: number | null;
  /** The predictors' calls, in the order of their ends. */
  trace: readonly PredictorTrace[];
}

/**
 * Runs a program on the inputs of a row and scores it. What the program throws becomes the row's outcome, and so does
 * a judge that cannot be reached; what else the metric throws is a fault in the metric, and is thrown.
 */
export async function rollout(
  program: Module,
  paths: ReadonlyMap<object, string>,
  row: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, unknown>>,
  metric: Metric,
  settings?: CallSettings,
): Promise<{ result: Rollout; thrown: unknown }> {
  const { outputs, error, seconds, spans } = await runRow(program, inputs, settings);
  const used = usageOf(spans);
  const result: Rollout = {
    status: "scored",
    outputs,
    score: 0,
    feedback: undefined,
    error: undefined,
    seconds,
    calls: used.calls,
    inputTokens: used.usage.inputTokens,
    outputTokens: used.usage.outputTokens,
    cost: used.cost,
    trace: traceOf(spans, paths),
  };
  if (error === undefined) {
    try {
      const given = metric(row as never, outputs as never, { trace: spans });
      const { score, feedback } = readScore(isThenable(given) ? await given : given);
      result.score = score;
      result.feedback = feedback;
    } catch (thrown) {
      return { result: judgeOutage(result, thrown), thrown };
    }
  } else {
    // What an abort leads to says nothing of the program, whatever it looks like by the time it gets here.
    const outage = isOutage(error) || settings?.signal?.aborted === true;
    result.status = outage ? "outage" : isUnreadable(error) ? "unreadable" : "failed";
    if (result.status === "outage") result.score = NaN;
    result.error = describeError(error);
    result.feedback = result.status === "unreadable" ? result.error.message : undefined;
  }
  return { result, thrown: error };
}

/** A row whose judge could not be reached. Throws what a metric threw for another reason. */
export function judgeOutage(result: Rollout, thrown: unknown): Rollout {
  if (!isOutage(thrown) || thrown instanceof ConfigurationError) throw thrown;
  return { ...result, status: "outage", score: NaN, error: describeError(thrown) };
}

/**
 * The label a row has in a column and the one a program gave it; undefined where the row has none, or no answer
 * could be had. An answer that the metric took for right counts as the expected label, however it was written.
 */
export function labelsOf(
  row: Readonly<Record<string, unknown>>,
  { outputs, status, score }: Pick<Rollout, "outputs" | "status" | "score">,
  field: string,
): { expected: string; predicted: string } | undefined {
  const label = row[field];
  if (status === "outage" || label === undefined || label === null) return undefined;
  const expected = textOf(label);
  if (status !== "scored") return { expected, predicted: noAnswer };
  return { expected, predicted: score === 1 ? expected : textOf(outputs?.[field] ?? noAnswer) };
}

/** A value of a column as a label. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** From predictor to its path, for {@link rollout}. */
export function predictorPaths(program: Module): Map<object, string> {
  return new Map<Predict, string>([...program.predictors()].map(([path, predictor]) => [predictor, path]));
}

function traceOf(spans: readonly Span[], paths: ReadonlyMap<object, string>): PredictorTrace[] {
  const trace: PredictorTrace[] = [];
  const meters = new Map<Span, UsageMeter>();
  for (const span of spans) {
    if (span.kind !== "model") continue;
    let outer = span.parent;
    while (outer && !paths.has(outer.attributes.module as object)) outer = outer.parent;
    if (!outer) continue;
    const meter = meters.get(outer) ?? new UsageMeter();
    meters.set(outer, meter);
    meter.add(span);
  }
  for (const span of spans) {
    const predictor = paths.get(span.attributes.module as object);
    if (predictor === undefined) continue;
    const { probabilities } = span.attributes;
    const used = meters.get(span)?.totals;
    trace.push({
      predictor,
      inputs: span.inputs as PredictorTrace["inputs"],
      outputs: span.result as PredictorTrace["outputs"],
      ...(span.error !== undefined && { error: errorText(span.error) }),
      seconds: ((span.endedAt ?? span.startedAt) - span.startedAt) / 1000,
      ...(used && {
        used: {
          calls: used.calls,
          inputTokens: used.usage.inputTokens,
          outputTokens: used.usage.outputTokens,
          cost: used.cost,
        },
      }),
      ...(probabilities !== undefined && { probabilities: probabilities as LabelProbabilities }),
    });
  }
  return trace;
}
