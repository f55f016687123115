import { createHash } from "node:crypto";
import { resolve } from "node:path";
import {
  ConfigurationError,
  DataError,
  describeError,
  errorText,
  isOutage,
  mapOrdered,
  orderWindow,
  startProgress,
  UnreachableError,
} from "../core/index.ts";
import { formatOf } from "../data/file.ts";
import { Dataset, Scan, type TableLike } from "../data/index.ts";
import { currentLM } from "../lm/index.ts";
import { type Answer, AnswerJournal } from "./answer-journal.ts";
import { type CallSettings, callSettings, rowsAtOnce } from "./call-settings.ts";
import type { Module } from "./module.ts";
import { programIdentity } from "./program-identity.ts";
import { inputColumns, pick, runRow } from "./run-row.ts";

/** How a map is run. */
export interface MapRowsOptions extends CallSettings {
  /** Rows under way at once. Default: as many as the model answers at once, where it says so, else 16. */
  concurrency?: number;
  /**
   * File to write the result to; its ending names the format. While the map runs, answers stand in a folder beside
   * it, `<to>.partial`. The same map run again after a crash, a stop or an abort goes on from there.
   */
  to?: string;
  /** Default: an error goes into the row's `error` column. `throw`: the first one ends the map. */
  onError?: "column" | "throw";
  /** What runs the rows. Default: this process. */
  engine?: MapEngine;
}

/** What runs a map elsewhere than in this process, with the same outcome: a cluster, a batch endpoint. */
export interface MapEngine {
  /** Runs `program` on every row of `data`, and gives what {@link map} would. */
  map(
    program: Module,
    data: Dataset | Scan,
    options: Omit<MapRowsOptions, "engine">,
  ): Promise<Dataset | Scan>;
}

/** Outages in a row after which going on is in vain. */
export const mostOutages = 20;

/**
 * Runs a program on every row and adds its outputs as columns, and a column `error` that holds null or what went
 * wrong with the row ("ParseError: …"). A name that is already a column gets `predicted_` before it. Order is kept.
 *
 * @param data a Dataset, rows, an Arrow table, a danfojs DataFrame; or a Scan, which needs `to`, and for which
 * memory stays flat however large the file is.
 * @returns the rows with the new columns; for a Scan, one of the file that was written.
 * Throws DataError where the rows lack a column the program needs, ConfigurationError as soon as a row meets a wrong
 * setting or key, UnreachableError after 20 outages in a row, and an aborted signal's reason.
 */
export function map<R extends object>(
  program: Module,
  data: Scan<R>,
  options: MapRowsOptions & { to: string },
): Promise<Scan>;
export function map<R extends object>(
  program: Module,
  data: TableLike<R>,
  options?: MapRowsOptions,
): Promise<Dataset>;
export async function map(
  program: Module,
  data: TableLike | Scan,
  options: MapRowsOptions = {},
): Promise<Dataset | Scan> {
  const { engine, ...here } = options;
  const rows = data instanceof Scan ? data : Dataset.from(data);
  if (engine) return await engine.map(program, rows, here);
  const { concurrency = rowsAtOnce(here), to, onError = "column", signal, ...settings } = here;
  // Before anything is paid for: the result must have a place to go.
  if (to !== undefined) formatOf(to);
  else if (rows instanceof Scan) {
    throw new ConfigurationError('a Scan is mapped into a file; name it: { to: "answers.parquet" }');
  }
  const columns = rows instanceof Scan ? await rows.columns() : rows.columns;
  const names = inputColumns(program, columns);
  const added = addedColumns(program, columns);
  const journal =
    to === undefined
      ? undefined
      : new AnswerJournal(`${resolve(to)}.partial`, {
          fingerprint: fingerprintOf(program, rows, settings),
          window: orderWindow(concurrency),
        });
  const progress = startProgress(
    `map ${program.constructor.name}`,
    rows instanceof Dataset ? rows.length : undefined,
  );
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  let errors = 0;
  let outages = 0;

  const ask = async (row: object, index: number): Promise<Answer> => {
    const run = await runRow(program, pick(row as Record<string, unknown>, names), {
      ...settings,
      signal: either,
    });
    const { error } = run;
    if (error === undefined) outages = 0;
    else {
      if (either.aborted) throw either.reason;
      const outage = isOutage(error);
      outages = outage ? outages + 1 : 0;
      if (error instanceof ConfigurationError || onError === "throw") stop.abort(error);
      else if (outages >= mostOutages) stop.abort(inVain(error, to));
      if (stop.signal.aborted) throw stop.signal.reason;
    }
    const answer = answerOf(program, run.outputs, error);
    journal?.write(index, answer, isOutage(error));
    return answer;
  };
  const work = async (row: object, index: number): Promise<Answer> => {
    const answer = journal?.take(index) ?? (await ask(row, index));
    if (answer.error !== null) errors++;
    progress.advance(1, errors > 0 ? { errors } : undefined);
    return answer;
  };

  try {
    const result =
      rows instanceof Scan
        ? await intoFile(rows, to!, work, added, { concurrency, signal: either })
        : await intoColumns(rows, to, work, added, { concurrency, signal: either });
    journal?.remove();
    return result;
  } finally {
    journal?.close();
    progress.end();
  }
}

/** The new columns in order, that of the errors last, with where an answer holds their values. */
export type AddedColumns = readonly (readonly [column: string, valueOf: (answer: Answer) => unknown])[];
type Work = (row: object, index: number) => Promise<Answer>;
interface Pace {
  concurrency: number;
  signal: AbortSignal;
}

async function intoColumns(
  rows: Dataset,
  to: string | undefined,
  work: Work,
  added: AddedColumns,
  pace: Pace,
): Promise<Dataset> {
  const values = added.map(([column]): [string, unknown[]] => [column, []]);
  for await (const answer of mapOrdered(rows, work, pace)) {
    for (const [place, [, valueOf]] of added.entries()) values[place]![1].push(valueOf(answer));
  }
  const [errorColumn] = added.at(-1)!;
  const result = rows.withColumns(Object.fromEntries(values), { types: { [errorColumn]: "string" } });
  if (to !== undefined) await result.write(to);
  return result;
}

async function intoFile(rows: Scan, to: string, work: Work, added: AddedColumns, pace: Pace): Promise<Scan> {
  let index = 0;
  const answered = rows.map(async (row) => {
    const answer = await work(row, index++);
    return { ...row, ...Object.fromEntries(added.map(([column, valueOf]) => [column, valueOf(answer)])) };
  }, pace);
  await answered.write(to);
  return Dataset.scan(to);
}

/**
 * The columns that a map adds to rows with the given ones. Throws DataError where a name is taken twice over.
 */
export function addedColumns(program: Module, columns: readonly string[]): AddedColumns {
  const taken = new Set(columns);
  const free = (name: string) => {
    const column = taken.has(name) ? `predicted_${name}` : name;
    if (taken.has(column)) {
      throw new DataError(
        `the rows already have "${name}" and "${column}", so the map has no name left for its "${name}"; drop or rename one`,
        { column },
      );
    }
    taken.add(column);
    return column;
  };
  const outputs = program.signature.outputs.map(
    ({ name }) => [free(name), (answer: Answer) => answer.outputs[name] ?? null] as const,
  );
  return [...outputs, [free("error"), (answer) => answer.error]];
}

function answerOf(
  program: Module,
  outputs: Readonly<Record<string, unknown>> | undefined,
  error: unknown,
): Answer {
  const names = program.signature.outputs.map(({ name }) => name);
  return {
    outputs: outputs ? pick(outputs, names) : {},
    error: error === undefined ? null : errorText(error),
  };
}

function inVain(error: unknown, to: string | undefined): UnreachableError {
  const goOn =
    to === undefined
      ? 'To keep the answers of a map that stops, give it a file: { to: "answers.jsonl" }.'
      : `The answers so far are kept in ${to}.partial: run the same map again, and it goes on from there.`;
  return new UnreachableError(
    `${mostOutages} rows in a row could not be answered, the last: ${describeError(error).message}. ${goOn}`,
    {
      cause: error,
    },
  );
}

/** What the answers depend on: the rows, the program with its state, the models and what they are asked with. */
function fingerprintOf(program: Module, rows: Dataset | Scan, settings: CallSettings): string {
  const { lm, adapter, cache: _cache, signal: _signal, ...request } = { ...callSettings(), ...settings };
  const predictors = [...program.predictors().values()];
  const facts = {
    rows: rows.fingerprint(),
    program: programIdentity(program),
    signature: program.signature.toString(),
    models: predictors.map((predictor) => (predictor.lm ?? lm ?? currentLM.get())?.identity),
    adapter: adapter?.name,
    request,
    requests: predictors.map((predictor) => predictor.settings),
  };
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
