import { type DatasetRecord, ConfigurationError, mapOrdered, startProgress, traced } from "../core/index.ts";
import { Dataset, type Row, Scan, type TableLike } from "../data/index.ts";
import { type Metric, readScore } from "../metrics/index.ts";
import {
  type CallSettings,
  inputColumns,
  type Module,
  pick,
  type ProgramOutputs,
  rowsAtOnce,
} from "../modules/index.ts";
import { Evaluation } from "./evaluation.ts";
import { judgeOutage, predictorPaths, rollout, type Rollout } from "./rollout.ts";
import { RowResults } from "./row-results.ts";

/** How an evaluation is run. */
export interface EvaluateOptions extends CallSettings {
  /** For people; default: the program's class. */
  name?: string;
  /** Rows under way at once. Default: as many as the model answers at once, where it says so, else 16. */
  concurrency?: number;
  /** Outages in a row at which it stops and gives back what it has. Default 20; a wrong setting or key stops at once. */
  maxOutages?: number;
  /** Metrics of stages by predictor path: each gets the row and the outputs of that predictor's last call. */
  stages?: Readonly<Record<string, Metric>>;
  /** What the rows are for, as the tracking server shows it. Default `test`. */
  context?: string;
}

/**
 * Runs a program on every row and scores each answer.
 *
 * @param data a Dataset, rows, an Arrow table, a danfojs DataFrame, or a Scan of a file larger than memory.
 * @param metric gets the row, labels included, and the program's outputs.
 * @returns the evaluation; after an abort or too many outages that of the rows so far, with `stopped` set.
 * Throws DataError where the rows lack a column the program needs, and what the metric throws.
 */
export async function evaluate<P extends Module, R extends object = Row>(
  program: P,
  data: TableLike<R> | Scan<R>,
  metric: Metric<R, ProgramOutputs<P>>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const {
    name,
    concurrency = rowsAtOnce(options),
    maxOutages = 20,
    stages = {},
    context = "test",
    signal,
    ...settings
  } = options;
  const rows: Dataset | Scan =
    data instanceof Scan ? (data as unknown as Scan) : Dataset.from(data as TableLike);
  const columns = rows instanceof Scan ? await rows.columns() : rows.columns;
  const names = inputColumns(program, columns);
  const paths = predictorPaths(program);
  const stagePaths = Object.keys(stages);
  for (const path of stagePaths) requireStage(path, paths.values());
  const field = metric.field;
  const evaluation = new Evaluation(
    {
      name: name ?? program.constructor.name,
      program,
      metric: metric.label ?? (metric.name || "metric"),
      field: field !== undefined && columns.includes(field) ? field : undefined,
      dataset: rows instanceof Scan ? scanRecord(rows, columns, context) : datasetRecord(rows, context),
    },
    // A scan is there so that rows are not kept.
    rows instanceof Scan ? new RowResults(0) : undefined,
  );
  const total = rows instanceof Scan ? undefined : rows.length;
  const progress = startProgress(`evaluate ${evaluation.subject.name}`, total);
  let stopped: string | undefined;
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const inForce = { ...settings, signal: either };
  const run = async (row: Row, index: number) => {
    const ended = await rollout(program, paths, row, pick(row, names), metric, inForce);
    if (stagePaths.length === 0) return { ...ended, row, index, stages: {} };
    try {
      return { ...ended, row, index, stages: await scoreStages(stages, row, ended.result) };
    } catch (thrown) {
      return { result: judgeOutage(ended.result, thrown), thrown, row, index, stages: {} };
    }
  };
  await traced("evaluation", evaluation.subject.name, undefined, async () => {
    let outages = 0;
    const pace = { concurrency, signal: either };
    try {
      for await (const { result, thrown, row, index, stages: scores } of mapOrdered(rows, run, pace)) {
        if (signal?.aborted && result.status === "outage") break;
        evaluation.add({ ...result, index, row, stages: scores });
        progress.advance(1, facts(evaluation));
        outages = result.status === "outage" ? outages + 1 : 0;
        if (outages === 0) continue;
        if (thrown instanceof ConfigurationError || outages >= maxOutages) {
          stopped = `${outages === 1 ? "an outage" : `${outages} outages in a row`}, the last: ${result.error?.message}`;
          stop.abort();
          break;
        }
      }
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error;
    }
    if (signal?.aborted) stopped ??= "cancelled";
  });
  evaluation.end(stopped);
  progress.end(facts(evaluation));
  return evaluation;
}

/** What a tracking server is told of a dataset. */
export function datasetRecord(data: Dataset, context: string): DatasetRecord {
  return {
    name: data.name ?? "rows",
    digest: data.fingerprint(),
    context,
    rows: data.length,
    columns: data.schema.map(({ name, type }) => ({ name, type })),
    source: data.source,
  };
}

function scanRecord(scan: Scan, columns: readonly string[], context: string): DatasetRecord {
  return {
    name: scan.name,
    digest: scan.fingerprint(),
    context,
    rows: 0,
    columns: columns.map((name) => ({ name, type: "unknown" })),
    source: scan.source,
  };
}

async function scoreStages(
  stages: Readonly<Record<string, Metric>>,
  row: object,
  result: Rollout,
): Promise<Record<string, number>> {
  const scores: Record<string, number> = {};
  for (const [path, metric] of Object.entries(stages)) {
    const outputs = result.trace.findLast((call) => call.predictor === path)?.outputs;
    if (outputs === undefined) continue;
    scores[path] = readScore(await metric(row as never, outputs as never, { trace: [] })).score;
  }
  return scores;
}

function requireStage(path: string, paths: Iterable<string>): void {
  const known = [...paths];
  if (known.includes(path)) return;
  throw new ConfigurationError(
    `no predictor "${path}" to score as a stage; the program has: ${known.join(", ")}`,
  );
}

function facts(evaluation: Evaluation): Record<string, string | number> {
  const { unreadable, errors } = evaluation;
  return {
    score: Number.isNaN(evaluation.score) ? "–" : evaluation.score.toFixed(3),
    ...(unreadable > 0 && { unreadable }),
    ...(errors > 0 && { errors }),
  };
}
