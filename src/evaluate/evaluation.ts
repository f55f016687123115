import {
  ConfigurationError,
  type DatasetRecord,
  type Displayable,
  display,
  type RunRecord,
  type Trackable,
} from "../core/index.ts";
import type { Module } from "../modules/index.ts";
import { ConfusionMatrix } from "../metrics/index.ts";
import { compareRows, type Comparison } from "./comparison.ts";
import { type Interval, mean, meanInterval, quantile } from "./interval.ts";
import { NumberLog } from "./number-log.ts";
import { labelsOf, textOf } from "./rollout.ts";
import { type RowResult, RowResults } from "./row-results.ts";
import { showEvaluation } from "./show.ts";

/** A mean with its 95 % interval. */
export interface Estimate {
  mean: number;
  interval: Interval;
}

/** Scores of the rows that share a value of a column. */
export interface Slice extends Estimate {
  value: string;
  rows: number;
}

/** What an evaluation was of. */
export interface EvaluationSubject {
  name: string;
  program: Module;
  /** The metric's label. */
  metric: string;
  /** The output a confusion matrix is made for, where it is one. */
  field: string | undefined;
  dataset: DatasetRecord;
}

/** Different labels beyond which a field is taken for free text, and no confusion matrix is kept. */
const mostLabels = 50;
const loggedRows = 1000;
const sampledRows = 5;

/**
 * The rows a program was run on and what they add up to. Outages have no score and are left out of every mean;
 * replies that could not be read and rows on which the program threw score 0.
 */
export class Evaluation implements Displayable, Trackable {
  readonly subject: EvaluationSubject;
  /** The rows in order; those of a Scan, and more than 10,000, are read from a temporary file. */
  readonly rows: RowResults;
  /** Milliseconds since the epoch. */
  readonly startedAt: number = Date.now();
  /** Why it ended before the last row; undefined where it did not. */
  stopped: string | undefined;

  #endedAt: number | undefined;
  readonly #scores = new NumberLog();
  readonly #seconds = new NumberLog();
  #sum = 0;
  readonly #counts = { scored: 0, unreadable: 0, failed: 0, outage: 0 };
  readonly #used = { calls: 0, inputTokens: 0, outputTokens: 0, cost: 0 as number | null };
  #confusion: ConfusionMatrix | undefined;
  readonly #stages = new Map<string, number[]>();

  constructor(subject: EvaluationSubject, rows: RowResults = new RowResults()) {
    this.subject = subject;
    this.rows = rows;
    if (subject.field !== undefined) this.#confusion = new ConfusionMatrix();
  }

  /** Adds the next row. @internal */
  add(result: RowResult): void {
    this.rows.push(result);
    this.#counts[result.status]++;
    this.#scores.push(result.score);
    if (!Number.isNaN(result.score)) this.#sum += result.score;
    this.#seconds.push(Math.fround(result.seconds)); // seven digits
    this.#used.calls += result.calls;
    this.#used.inputTokens += result.inputTokens;
    this.#used.outputTokens += result.outputTokens;
    this.#used.cost = this.#used.cost === null || result.cost === null ? null : this.#used.cost + result.cost;
    for (const [path, score] of Object.entries(result.stages)) {
      const scores = this.#stages.get(path);
      if (scores) scores.push(score);
      else this.#stages.set(path, [score]);
    }
    this.#confuse(result);
  }

  /** Marks the end. @internal */
  end(stopped?: string): void {
    this.#endedAt = Date.now();
    this.stopped = stopped;
  }

  /** Mean score of the rows that have one; NaN before the first. */
  get score(): number {
    return this.#sum / (this.rows.length - this.outages);
  }

  /** Mean score with its 95 % interval: Wilson's for right or wrong, the bootstrap else. */
  get estimate(): Estimate {
    return { mean: this.score, interval: meanInterval(this.#scores.values()) };
  }

  /** Replies that arrived and could not be read. */
  get unreadable(): number {
    return this.#counts.unreadable;
  }

  /** Rows on which the program threw something that is no outage. */
  get failed(): number {
    return this.#counts.failed;
  }

  /** Rows for which no answer could be had. */
  get outages(): number {
    return this.#counts.outage;
  }

  /** Rows that ended in an error of any kind but unreadable replies: failed rows and outages. */
  get errors(): number {
    return this.failed + this.outages;
  }

  /** Requests, tokens and US dollars of all rows; cost is null where a price is not known. */
  get used(): Readonly<{ calls: number; inputTokens: number; outputTokens: number; cost: number | null }> {
    return this.#used;
  }

  /** Seconds a row took: mean, median, 95th and 99th percentile; and seconds for all of them by the clock. */
  get latency(): { mean: number; p50: number; p95: number; p99: number; total: number } {
    const sorted = this.#seconds.values().sort();
    return {
      mean: mean(sorted),
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
      total: ((this.#endedAt ?? Date.now()) - this.startedAt) / 1000,
    };
  }

  /** Counts of expected against predicted labels; undefined where the metric compares no field of few values. */
  get confusion(): ConfusionMatrix | undefined {
    return this.#confusion;
  }

  /** Macro F1 of the compared field; undefined where there is no confusion matrix. */
  get macroF1(): number | undefined {
    return this.#confusion?.macroF1();
  }

  /** Mean scores of the stages by predictor path, where stage metrics were given. */
  get stages(): Record<string, Estimate> {
    return Object.fromEntries(
      [...this.#stages].map(([path, scores]) => [
        path,
        { mean: mean(scores), interval: meanInterval(scores) },
      ]),
    );
  }

  /** Scores by the values of a column, most rows first. */
  slices(column: string): Slice[] {
    const groups = new Map<string, number[]>();
    for (const { row, score } of this.rows) {
      if (!(column in row)) {
        throw new ConfigurationError(
          `no column "${column}" to slice by; the rows have: ${Object.keys(row).join(", ")}`,
        );
      }
      const value = textOf(row[column] ?? "(empty)");
      const scores = groups.get(value);
      if (scores) scores.push(score);
      else groups.set(value, [score]);
    }
    return [...groups]
      .map(([value, scores]) => ({
        value,
        rows: scores.length,
        mean: mean(scores),
        interval: meanInterval(scores),
      }))
      .sort((a, b) => b.rows - a.rows);
  }

  /**
   * This evaluation after `before`, row by row: which rows flipped, and whether the difference is more than
   * chance (McNemar's exact test for right or wrong, sign flips else; intervals by the paired bootstrap).
   * Throws ConfigurationError where the two are not of the same rows.
   */
  compare(before: Evaluation): Comparison {
    const [was, is] = [before.subject.dataset.digest, this.subject.dataset.digest];
    if (was !== is) {
      throw new ConfigurationError(
        `the evaluations are of different rows (${before.subject.dataset.name} ${was.slice(0, 8)}, ` +
          `${this.subject.dataset.name} ${is.slice(0, 8)}); row by row they cannot be compared. Evaluate both on the same Dataset.`,
      );
    }
    if (before.subject.metric !== this.subject.metric) {
      throw new ConfigurationError(
        `the evaluations were scored by different metrics ("${before.subject.metric}", "${this.subject.metric}"), so their scores cannot be compared`,
      );
    }
    return compareRows(before.rows, this.rows, this.#confusion && this.subject.field);
  }

  /** What a tracking server is told. */
  toRun(): RunRecord {
    const { name, program, metric, dataset } = this.subject;
    const { mean: score, interval } = this.estimate;
    const latency = this.latency;
    const predictions = this.#table();
    const metrics: Record<string, number | undefined> = {
      score,
      score_low: interval[0],
      score_high: interval[1],
      accuracy: this.#accuracy,
      macro_f1: this.macroF1,
      rows: this.rows.length,
      unreadable: this.unreadable,
      failed: this.failed,
      outages: this.outages,
      avg_latency_ms: latency.mean * 1000,
      p50_latency_ms: latency.p50 * 1000,
      p95_latency_ms: latency.p95 * 1000,
      p99_latency_ms: latency.p99 * 1000,
      duration_seconds: latency.total,
      calls: this.#used.calls,
      input_tokens: this.#used.inputTokens,
      output_tokens: this.#used.outputTokens,
      total_tokens: this.#used.inputTokens + this.#used.outputTokens,
      estimated_cost_usd: this.#used.cost ?? undefined,
      ...Object.fromEntries(
        Object.entries(this.stages).map(([path, { mean: value }]) => [`stage/${path}`, value]),
      ),
    };
    return {
      name,
      tags: { "lmframe.kind": "evaluation" },
      params: {
        program: program.constructor.name,
        metric,
        ...Object.fromEntries(
          [...program.predictors()].flatMap(([path, { state }]): [string, string | number][] => [
            [`${path}.instructions`, state.instructions],
            [`${path}.demos`, state.demos.length],
          ]),
        ),
      },
      metrics: finite(metrics),
      // How many rows a scan has shows only at its end.
      datasets: [{ ...dataset, rows: Math.max(dataset.rows, this.rows.length) }],
      tables: { predictions, sample_predictions: predictions.slice(0, sampledRows) },
      files: { "pipeline_config.json": JSON.stringify(this.#configuration(), null, 2) },
      startedAt: this.startedAt,
      endedAt: this.#endedAt ?? Date.now(),
      status: this.stopped === undefined ? "FINISHED" : "FAILED",
    };
  }

  [display](): Record<string, unknown> {
    return showEvaluation(this);
  }

  #confuse(result: RowResult): void {
    if (!this.#confusion) return;
    const labels = labelsOf(result.row, result, this.subject.field!);
    if (!labels) return;
    this.#confusion.add(labels.expected, labels.predicted);
    if (this.#confusion.size > mostLabels) this.#confusion = undefined;
  }

  /** Share of right answers: of the compared field, or of scores that are all right or wrong. */
  get #accuracy(): number | undefined {
    if (this.#confusion) return this.#confusion.accuracy();
    return this.#scores.values().every((score) => score === 0 || score === 1 || Number.isNaN(score))
      ? this.score
      : undefined;
  }

  /** What the program was made of as it ran. */
  #configuration(): Record<string, unknown> {
    const { program, metric, dataset } = this.subject;
    return {
      program: program.constructor.name,
      signature: program.signature.toString(),
      metric,
      dataset: dataset.name,
      predictors: Object.fromEntries(
        [...program.predictors()].map(([path, { signature, state, settings }]) => [
          path,
          {
            signature: signature.toString(),
            instructions: state.instructions,
            demos: state.demos.length,
            model: state.lm?.name ?? null,
            extensions: Object.keys(state.extensions),
            settings,
          },
        ]),
      ),
    };
  }

  #table(): Record<string, unknown>[] {
    const table: Record<string, unknown>[] = [];
    for (const { index, row, outputs, score, feedback, status, error, seconds } of this.rows) {
      if (table.length >= loggedRows) break;
      const predicted = Object.entries(outputs ?? {}).map(([name, value]) => [`predicted_${name}`, value]);
      table.push({
        index,
        ...row,
        ...(Object.fromEntries(predicted) as Record<string, unknown>),
        score: Number.isNaN(score) ? null : score,
        status,
        feedback: feedback ?? null,
        error: error ? `${error.name}: ${error.message}` : null,
        seconds,
      });
    }
    return table;
  }
}

function finite(metrics: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}
