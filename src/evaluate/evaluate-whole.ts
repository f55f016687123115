import { UnreachableError } from "../core/index.ts";
import type { TableLike } from "../data/index.ts";
import type { Metric } from "../metrics/index.ts";
import type { Module } from "../modules/index.ts";
import { evaluate, type EvaluateOptions } from "./evaluate.ts";
import type { Evaluation } from "./evaluation.ts";

/**
 * {@link evaluate} where a part of the rows would not do, because what comes after compares them or costs money.
 *
 * Throws UnreachableError where it was stopped by outages, and an aborted signal's reason.
 */
export async function evaluateWhole(
  program: Module,
  data: TableLike,
  metric: Metric,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const evaluation = await evaluate(program, data as never, metric as never, options);
  options.signal?.throwIfAborted();
  if (evaluation.stopped === undefined) return evaluation;
  throw new UnreachableError(
    `"${evaluation.subject.name}" could not be measured on all rows: stopped by ${evaluation.stopped}`,
  );
}
