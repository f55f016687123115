import { once } from "node:events";
import { createHash } from "node:crypto";
import { ConfigurationError, errorText, isOutage, mapOrdered, redact } from "../../core/index.ts";
import { usageOf } from "../../lm/index.ts";
import type { LimitOptions } from "../../lm/gate.ts";
import {
  connectWhereRun,
  exportedProgram,
  inputsOf,
  type Module,
  programFromJSON,
  runRow,
  withState,
} from "../../modules/index.ts";
import { mostOutages } from "../../modules/map.ts";
import { ownOutput } from "../../modules/own-output.ts";
import { plain } from "../../tracking/plain.ts";
import { isJsonText } from "./spark-type.ts";

/** The texts that a worker's program is made again from. */
export interface ShippedProgram {
  saved: string;
  scoring: string;
}

/** What a worker is told by its one argument, which is JSON in base64url. It holds no secret. */
export interface RowWorkerOrders {
  /** Answers one line with what is found where it runs, in place of answering rows. */
  probe?: boolean;
  /** What this worker may ask of the model. */
  limits: LimitOptions;
  /** Name of the model. Default: `OPENAI_MODEL`, or the only one that the endpoint serves. */
  model?: string;
}

/** A line of what comes in. */
export interface RowLine {
  id: string;
  inputs: Record<string, unknown>;
}

/** A line of what goes out. */
export interface AnswerLine {
  id: string;
  outputs: Record<string, unknown>;
  error: string | null;
  /** Whether no answer could be had: the next run asks again. */
  outage: boolean;
  seconds: number;
  input_tokens: number;
  output_tokens: number;
}

/** What a probe finds. */
export interface ProbeLine {
  /** The text of the row that came in. */
  echo: unknown;
  node: string;
  /** SHA-256 of the model's identity: its address is not told. */
  model: string | null;
  /** Why no row could be answered here. */
  error: string | null;
}

/** Begins the line on which a worker that gives up says why. */
export const lastWords = "lmframe worker gave up: ";

/**
 * Answers rows on an executor of Spark: a line of JSON each, in by standard input, out by standard output, in no other
 * order than they came. A row's error is part of its line. The worker gives up, and Spark tries its rows elsewhere,
 * where a setting or key is wrong or 20 outages follow each other.
 *
 * @param shipped - the program's state.
 * @param exported - what the program's module exports; undefined for a lone predictor.
 */
export async function startRowWorker(
  shipped: ShippedProgram,
  exported?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const write = ownOutput();
  // Whoever reads the answers is gone: nobody needs them any more.
  process.stdout.on("error", () => process.exit(1));
  const orders = JSON.parse(Buffer.from(process.argv.at(-1)!, "base64url").toString()) as RowWorkerOrders;
  try {
    if (orders.probe) write(await probe(shipped, exported, orders));
    else await answerRows(shipped, exported, orders, write);
  } catch (error) {
    process.stderr.write(`${lastWords}${redact(errorText(error)).replaceAll("\n", " ")}\n`, () =>
      process.exit(1),
    );
    return;
  }
  if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
  process.stdout.end(() => process.exit());
}

async function answerRows(
  shipped: ShippedProgram,
  exported: Readonly<Record<string, unknown>> | undefined,
  orders: RowWorkerOrders,
  write: (message: unknown) => boolean,
): Promise<void> {
  const program = programOf(shipped, exported);
  const { settings } = JSON.parse(shipped.scoring) as { settings: object };
  await connectWhereRun(program, optionsOf(orders));
  let outages = 0;
  const answer = async (line: string): Promise<AnswerLine> => {
    const { id, inputs } = JSON.parse(line) as RowLine;
    let error: unknown;
    let run: Awaited<ReturnType<typeof runRow>> | undefined;
    try {
      run = await runRow(program, inputsOf(program, inputs), settings);
      error = run.error;
    } catch (thrown) {
      error = thrown;
    }
    const outage = error !== undefined && isOutage(error);
    outages = outage ? outages + 1 : 0;
    if (error instanceof ConfigurationError || outages >= mostOutages) throw error;
    const { usage } = usageOf(run?.spans ?? []);
    return {
      id,
      outputs: outputsOf(program, run?.outputs),
      error: error === undefined ? null : redact(errorText(error)),
      outage,
      seconds: run?.seconds ?? 0,
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
    };
  };
  const { concurrency = 16 } = orders.limits;
  for await (const line of mapOrdered(linesOf(process.stdin), answer, { concurrency })) {
    if (!write(line)) await once(process.stdout, "drain");
  }
}

async function probe(
  shipped: ShippedProgram,
  exported: Readonly<Record<string, unknown>> | undefined,
  orders: RowWorkerOrders,
): Promise<ProbeLine> {
  const found: ProbeLine = { echo: null, node: process.versions.node, model: null, error: null };
  for await (const line of linesOf(process.stdin)) found.echo = JSON.parse(line);
  try {
    const model = await connectWhereRun(programOf(shipped, exported), optionsOf(orders));
    found.model = createHash("sha256")
      .update(model?.identity ?? "")
      .digest("hex");
  } catch (error) {
    found.error = redact(errorText(error));
  }
  return found;
}

function programOf(
  { saved }: ShippedProgram,
  exported: Readonly<Record<string, unknown>> | undefined,
): Module {
  const state = JSON.parse(saved) as Record<string, unknown>;
  const source = "the program that was shipped";
  return exported
    ? withState(exportedProgram(exported, source), state, source)
    : programFromJSON(state, source);
}

const optionsOf = ({ limits, model }: RowWorkerOrders) => ({ limits, ...(model !== undefined && { model }) });

function outputsOf(
  program: Module,
  outputs: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> {
  const entries = program.signature.outputs.map(({ name, type }) => {
    const value = plain(outputs?.[name]) ?? null;
    return [name, value !== null && isJsonText(type) ? JSON.stringify(value) : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** Lines that end in a line feed and in nothing else: JSON may hold U+2028, at which readline would split. */
async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string, void> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const piece of stream) {
    const lines = (rest + String(piece)).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
