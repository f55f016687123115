import { UnreachableError } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { type Comparison, evaluate, type EvaluateOptions, type Evaluation } from "../evaluate/index.ts";
import type { FieldMetric } from "../metrics/index.ts";
import type { Module } from "../modules/index.ts";
import type { Optimization } from "./optimization.ts";

/** What a search is worth on rows that it did not see. */
export interface Measured {
  before: Evaluation;
  /** The same object as `before` where the program was kept as it was. */
  after: Evaluation;
  comparison: Comparison;
  /**
   * Why the gain is not to be relied on: the rows are fewer than 30, or it lies within chance. Undefined where it can be,
   * and where the program was kept as it was.
   */
  doubt: string | undefined;
}

/** A search and what it is worth on rows that it did not see. */
export interface MeasuredSearch<
  P extends Module,
  Found extends Optimization<P> | undefined,
> extends Measured {
  /** What was found; the program that was given where nothing was, or no search was made. */
  program: P;
  optimization: Found;
}

/** Test rows below which a figure says little. */
const fewestTestRows = 30;

/**
 * Scores a program on test rows, searches a better one, and scores that on them too.
 *
 * @param test - rows that `search` does not use.
 * @param search - gives undefined where none is made.
 * Throws UnreachableError where the test rows cannot be scored before anything is searched, and what the search throws.
 */
export async function measureSearch<P extends Module, Found extends Optimization<P> | undefined>(
  program: P,
  test: Dataset,
  metric: FieldMetric,
  search: () => Promise<Found>,
  settings: Pick<EvaluateOptions, "concurrency" | "signal" | "principal">,
): Promise<MeasuredSearch<P, Found>> {
  const run = async (tried: Module, name: string) => {
    const evaluation = await evaluate(tried, test, metric as FieldMetric<never>, { ...settings, name });
    settings.signal?.throwIfAborted();
    return evaluation;
  };
  const before = await run(program, "before");
  if (before.stopped !== undefined) {
    throw new UnreachableError(`the test rows could not be scored: stopped by ${before.stopped}`);
  }
  const optimization = await search();
  const found = optimization?.program ?? program;
  const after = found === program ? before : await run(found, "after");
  const comparison = after.compare(before);
  const doubt = after === before ? undefined : doubtOf(comparison);
  return { program: found, before, after, comparison, doubt, optimization };
}

function doubtOf({ rows, score, verdict }: Comparison): string | undefined {
  if (rows < fewestTestRows) {
    return `${rows} test rows are too few to rely on, at least ${fewestTestRows} are better: ${verdict}`;
  }
  const holds = score.difference > 0 && score.probability < 0.05;
  return holds ? undefined : `the gain does not show on rows held out: ${verdict}`;
}
