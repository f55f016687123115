import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ConfigurationError, errorText, mapOrdered, redact } from "../core/index.ts";
import {
  connectWhereRun,
  exportedProgram,
  inputsOf,
  loadProgram,
  type Module,
  type RequestSettings,
  rowsAtOnce,
  runRow,
} from "../modules/index.ts";
import { ownOutput } from "../modules/own-output.ts";
import { plain } from "../tracking/plain.ts";

/** What stands beside the worker of a logged model as `scoring.json`. */
export interface ScoringConfiguration {
  /** Request members of every call, where the program is a lone predictor that has some. */
  settings: RequestSettings;
}

/** A line of what comes in: rows to answer. */
interface Batch {
  id: number;
  rows: Record<string, unknown>[];
}

/**
 * Answers batches of rows for the Python side of a logged model: one JSON object a line, in by standard input, out
 * by standard output, several batches at a time. Ends with its input, so with the process that started it.
 *
 * @param folder - holds `program.json`, the program's state, and `scoring.json`.
 * @param exported - what the program's module exports; undefined for a lone predictor, made from its state alone.
 */
export async function startScoringWorker(
  folder: string,
  exported?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const reply = ownOutput();
  let program: Module;
  let settings: RequestSettings;
  try {
    const state = join(folder, "program.json");
    program = exported
      ? await exportedProgram(exported, "the logged module").load(state)
      : ((await loadProgram(state)) as Module);
    ({ settings } = JSON.parse(await readFile(join(folder, "scoring.json"), "utf8")) as ScoringConfiguration);
    reply({
      ready: { signature: program.signature.toString(), predictors: [...program.predictors().keys()] },
    });
  } catch (error) {
    reply({ fatal: redact(errorText(error)) });
    process.exitCode = 1;
    return;
  }
  const answer = async ({ id, rows }: Batch): Promise<void> => {
    try {
      await connectOnce(program);
      reply({ id, rows: await scoreRows(program, rows, settings) });
    } catch (error) {
      reply({ id, error: redact(errorText(error)) });
    }
  };
  for await (const line of createInterface({ input: process.stdin })) void answer(JSON.parse(line) as Batch);
  process.exit();
}

/**
 * Each row's outputs by name and `error`, null or what went wrong with it, in the order of the rows.
 *
 * @param tell - puts an error into words. Default: its own, without secrets.
 * @throws ConfigurationError where no row can be answered for want of a setting or a key.
 */
export async function scoreRows(
  program: Module,
  rows: readonly Readonly<Record<string, unknown>>[],
  settings: RequestSettings,
  tell: (error: unknown) => string = (error) => redact(errorText(error)),
): Promise<Record<string, unknown>[]> {
  const names = program.signature.outputs.map(({ name }) => name);
  const score = async (row: Readonly<Record<string, unknown>>) => {
    let outputs: Readonly<Record<string, unknown>> | undefined;
    let problem: unknown;
    try {
      const run = await runRow(program, inputsOf(program, row), settings);
      outputs = run.outputs;
      problem = run.error;
    } catch (error) {
      problem = error;
    }
    if (problem instanceof ConfigurationError) throw problem;
    return {
      ...Object.fromEntries(names.map((name) => [name, plain(outputs?.[name]) ?? null])),
      error: problem === undefined ? null : tell(problem),
    };
  };
  const scored: Record<string, unknown>[] = [];
  for await (const answer of mapOrdered(rows, score, { concurrency: rowsAtOnce({}) })) scored.push(answer);
  return scored;
}

let connecting: Promise<unknown> | undefined;

/** Connects once, and tries again where that failed. */
async function connectOnce(program: Module): Promise<void> {
  connecting ??= connectWhereRun(program);
  try {
    await connecting;
  } catch (error) {
    connecting = undefined;
    throw error;
  }
}
