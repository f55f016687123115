import type { Span } from "../core/index.ts";

/** What a metric may say of one prediction. */
export type Score = boolean | number | { score: boolean | number; feedback?: string | undefined };

/** What a metric can look at beside the row and the prediction. */
export interface MetricContext {
  /** The calls that led to the prediction, in the order of their ends. */
  readonly trace: readonly Span[];
}

/**
 * Scores one prediction against its row. Any function does: a boolean counts as 1 or 0, a number as it is
 * (higher is better), and feedback is what an optimizer that reflects may read.
 */
export interface Metric<Row = never, Outputs = never> {
  (row: Row, outputs: Outputs, context: MetricContext): Score | Promise<Score>;
  /** For people; default: the function's name. */
  readonly label?: string;
  /** The output it compares, where it is one: confusion matrix and per-class figures are made for it. */
  readonly field?: string;
  /**
   * What its scores depend on beside its source text, such as a scale or the model of a judge. A study takes scores from
   * its journal only where this is the same. Never holds a secret. Default: nothing.
   */
  readonly identity?: string;
}

/** What tells a metric from others: a change of any of it may change scores. */
export function metricIdentity(metric: Metric): readonly unknown[] {
  return [metric.label, metric.field, metric.identity, String(metric)];
}

/** A score as a number, with its feedback. Throws where a metric gave something else. */
export function readScore(score: unknown): { score: number; feedback: string | undefined } {
  const value = typeof score === "object" && score !== null && "score" in score ? score.score : score;
  const feedback =
    typeof score === "object" && score !== null && "feedback" in score ? score.feedback : undefined;
  const number = typeof value === "boolean" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) {
    throw new TypeError(
      `invalid score: ${String(value)}; a metric gives a boolean, a finite number, or { score, feedback }`,
    );
  }
  return { score: number, feedback: typeof feedback === "string" ? feedback : undefined };
}
