import { coerce } from "../adapters/coerce.ts";
import { DataError, nearest, record, type Span, traced } from "../core/index.ts";
import type { CallSettings } from "./call-settings.ts";
import type { Module } from "./module.ts";

/** One run of a program on one row: what it gave or threw, and the calls it took. */
export interface RowRun {
  outputs: Readonly<Record<string, unknown>> | undefined;
  error: unknown;
  /** Wall clock, waits included. */
  seconds: number;
  /** Spans of modules, models, tools and retrievers in the order of their ends. */
  spans: readonly Span[];
}

/** Runs a program on one row's inputs. Never throws what the program throws: that is part of the outcome. */
export async function runRow(
  program: Module,
  inputs: Readonly<Record<string, unknown>>,
  settings?: CallSettings,
): Promise<RowRun> {
  const spans: Span[] = [];
  const started = performance.now();
  let outputs: RowRun["outputs"];
  let error: unknown;
  try {
    outputs = (await record(spans, () =>
      traced("row", program.constructor.name, inputs, () => program.call(inputs as never, settings)),
    )) as RowRun["outputs"];
  } catch (thrown) {
    error = thrown;
  }
  return { outputs, error, seconds: (performance.now() - started) / 1000, spans };
}

/**
 * The names of the inputs a program takes from rows with these columns. Throws DataError, with the nearest
 * column, where one that the program needs is not there.
 */
export function inputColumns(program: Module, columns: readonly string[]): string[] {
  const known = new Set(columns);
  const names: string[] = [];
  for (const { name, type } of program.signature.inputs) {
    if (known.has(name)) names.push(name);
    else if (type.kind !== "optional") {
      const guess = nearest(name, columns);
      throw new DataError(
        `the program's input "${name}" is not among the columns ${columns.join(", ")}` +
          (guess === undefined
            ? ""
            : `; did you mean "${guess}"? Rename it: rows.rename({ ${guess}: "${name}" })`),
        { column: name },
      );
    }
  }
  return names;
}

/** The members of `row` with the given names. */
export function pick(
  row: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) picked[name] = row[name];
  return picked;
}

/**
 * The inputs among a row's columns, read as their types: what came through a table or JSON has no dates, and its whole
 * numbers may be 3.0. Throws DataError for a value that is not of its type.
 */
export function inputsOf(program: Module, row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const inputs: Record<string, unknown> = {};
  for (const { name, type } of program.signature.inputs) {
    const value = row[name];
    if (type.kind === "optional" && (value === undefined || value === null)) continue;
    try {
      inputs[name] = coerce(type, value ?? null);
    } catch (error) {
      throw new DataError((error as Error).message, { column: name, cause: error });
    }
  }
  return inputs;
}
