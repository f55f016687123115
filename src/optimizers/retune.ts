import { type Displayable, display, type MimeBundle, type RunRecord, type Trackable } from "../core/index.ts";
import { Dataset, type TableLike } from "../data/index.ts";
import { type Comparison, type Evaluation, evaluateWhole, showTable } from "../evaluate/index.ts";
import type { LanguageModel } from "../lm/index.ts";
import type { Metric } from "../metrics/index.ts";
import type { Module } from "../modules/index.ts";
import { dollars, totalCost } from "./budget.ts";
import type { Optimization } from "./optimization.ts";
import type { CompileOptions, Optimizer } from "./optimizer.ts";

/** What {@link retune} takes. */
export interface RetuneOptions extends CompileOptions {
  /** The model that the program was tuned on. */
  from: LanguageModel;
  /** The model that it shall run on. */
  to: LanguageModel;
  /** Tunes the program anew on `to`; its metric measures. */
  optimizer: Optimizer;
  /** Rows to measure on, which nothing is learnt from or chosen by. */
  test: TableLike;
}

/** A program on the model it was tuned on, on another, and tuned anew for that; all three on the same unseen rows. */
export class Retuning<P extends Module = Module> implements Displayable, Trackable {
  /** The program tuned for the new model, which it has as its own; as it was, where nothing was better. */
  readonly program: P;
  /** The program as it was, on the model that it was tuned on. */
  readonly source: Evaluation;
  /** The same prompt on the new model. */
  readonly transferred: Evaluation;
  /** Tuned anew on the new model. The same object as `transferred` where the prompt was kept. */
  readonly retuned: Evaluation;
  /** How it was tuned, and what that took. */
  readonly optimization: Optimization<P>;

  constructor(
    optimization: Optimization<P>,
    { source, transferred, retuned }: Record<"source" | "transferred" | "retuned", Evaluation>,
  ) {
    this.program = optimization.program;
    this.optimization = optimization;
    this.source = source;
    this.transferred = transferred;
    this.retuned = retuned;
  }

  /** What tuning anew gained on the new model, row by row. */
  get gain(): Comparison {
    return this.retuned.compare(this.transferred);
  }

  /** The tuned program on the new model against the old one on its own, row by row. */
  get againstSource(): Comparison {
    return this.retuned.compare(this.source);
  }

  /** US dollars that the search took, all models together; null where a price is not known. */
  get searchCost(): number | null {
    return totalCost(this.optimization.used);
  }

  /** What a tracking server is told: the search as a run, the three evaluations as runs inside it. */
  toRun(): RunRecord {
    const run = this.optimization.toRun();
    return {
      ...run,
      name: `retune with ${run.name}`,
      metrics: {
        ...run.metrics,
        source_score: this.source.score,
        transferred_score: this.transferred.score,
        retuned_score: this.retuned.score,
      },
      children: [...this.#evaluations.map((evaluation) => evaluation.toRun()), ...(run.children ?? [])],
    };
  }

  [display](): MimeBundle {
    const rows = this.#evaluations.map((evaluation) => {
      const { mean, interval } = evaluation.estimate;
      const { calls, cost } = evaluation.used;
      return [
        evaluation.subject.name,
        `${mean.toFixed(3)} (${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})`,
        String(evaluation.unreadable),
        String(calls),
        dollars(cost),
      ];
    });
    const { calls } = this.optimization.used.task;
    return showTable({
      head: ["", "score (95 % interval)", "unreadable", "calls", "cost"],
      rows,
      note: `${this.gain.verdict} The search took ${calls} calls and cost ${dollars(this.searchCost)}.`,
    });
  }

  get #evaluations(): Evaluation[] {
    const { source, transferred, retuned } = this;
    return retuned === transferred ? [source, transferred] : [source, transferred, retuned];
  }
}

/**
 * Moves a program that was tuned on one model to another: measures it on both as it is, tunes it anew on the second, and
 * measures that, all on the same rows. A prompt that was found for one model is often not the best for the next, and
 * sometimes worse than none.
 *
 * ```ts
 * const moved = await retune(tuned, { from: large, to: small, optimizer: new GEPA({ metric, reflectionModel: large }), train, test });
 * ```
 *
 * Throws UnreachableError where a model cannot be measured on all rows, and what the optimizer throws.
 */
export async function retune<P extends Module>(
  program: P,
  { from, to, optimizer, test, ...compile }: RetuneOptions,
): Promise<Retuning<P>> {
  const rows = Dataset.from(test);
  const { signal, concurrency } = compile;
  const pace = { ...(signal && { signal }), ...(concurrency !== undefined && { concurrency }) };
  const measure = (one: Module, name: string) =>
    evaluateWhole(one, rows, optimizer.options.metric as Metric, { name, ...pace });
  const moved = program.withLM(to);
  const source = await measure(program.withLM(from), `${from.name}, its own prompt`);
  const transferred = await measure(moved, `${to.name}, the prompt of ${from.name}`);
  const optimization = await optimizer.compile(moved, compile);
  const retuned = optimization.kept
    ? transferred
    : await measure(optimization.program, `${to.name}, tuned anew`);
  return new Retuning(optimization, { source, transferred, retuned });
}
