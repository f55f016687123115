import { DataError } from "../core/errors.ts";
import { type Column } from "./columns/column.ts";
import { EncodingFault, readText } from "./decode.ts";
import { columnsOfRows, columnsOfValues } from "./table.ts";
import { type ReadOptions, type Row, type RowBatch } from "./table-format.ts";

/** What becomes of a whole number that no JavaScript number holds. */
type Long = (digits: string) => unknown;

/** Parses JSON without losing digits of long whole numbers. */
function parseJson(text: string, long: Long): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  // The third argument (the text of the number itself) came with V8 11.4 and is not in TypeScript's library yet.
  const revive = (_key: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    const exceeds = typeof value === "number" && source !== undefined && String(value) !== source;
    return exceeds && /^-?\d{16,}$/.test(source) ? long(source) : value;
  };
  return JSON.parse(text, revive);
}

/** Reads a JSON file: an array of records, or a record of arrays of one length, which are its columns. */
export async function readJson(path: string, options: ReadOptions): Promise<Map<string, Column>> {
  const content = await parseFile(path, options, BigInt);
  if (!Array.isArray(content)) {
    return columnsOfValues(columnsIn(content, path), options.types, (index) => ({
      file: path,
      row: index + 1,
    }));
  }
  const rows = content.map((row, index) => asRow(row, { file: path, row: index + 1 }));
  return columnsOfRows(rows, options.types, (index) => ({ file: path, row: index + 1 }));
}

/** The rows of a JSON file, which has to be read whole. */
export async function* scanJson(path: string, options: ReadOptions): AsyncGenerator<RowBatch, void> {
  const content = await parseFile(path, options, String);
  if (Array.isArray(content)) {
    yield {
      columns: undefined,
      rows: content.map((row, index) => asRow(row, { file: path, row: index + 1 })),
    };
    return;
  }
  const columns = columnsIn(content, path);
  const rows = columns[0]![1].map((_, index) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[index]])),
  );
  yield { columns: columns.map(([name]) => name), rows };
}

/** A record of arrays of one length as columns. */
function columnsIn(content: unknown, path: string): [string, unknown[]][] {
  const members = typeof content === "object" ? Object.entries((content ?? {}) as Row) : [];
  const columns = members.filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  if (members.length === 0 || columns.length < members.length) {
    const found =
      content === null ? "null" : typeof content === "object" ? "one record" : `a ${typeof content}`;
    throw new DataError(`holds ${found}; expected an array of records`, { file: path });
  }
  const [[first, { length }]] = columns as [[string, unknown[]]];
  const odd = columns.find(([, values]) => values.length !== length);
  if (odd) {
    const message = `has ${odd[1].length} values where column "${first}" has ${length}; expected as many in each`;
    throw new DataError(message, { file: path, column: odd[0] });
  }
  return columns;
}

async function parseFile(path: string, options: ReadOptions, long: Long): Promise<unknown> {
  const parts: string[] = [];
  try {
    for await (const part of readText(path, options)) parts.push(part);
  } catch (error) {
    throw located(error, path, lineOf(parts.join(""), Infinity));
  }
  const text = parts.join("");
  if (text.trim() === "") throw new DataError("is empty; expected an array of records", { file: path });
  try {
    return parseJson(text, long);
  } catch (cause) {
    const { message } = cause as Error;
    const looksLikeLines = /^\s*\{.*\}\s*\r?\n\s*\{/.test(text);
    const advice = looksLikeLines ? '; one record a line is JSON Lines: give format: "jsonl"' : "";
    throw new DataError(`is not JSON: ${reason(message)}${advice}`, {
      file: path,
      line: faultyLine(text),
      cause,
    });
  }
}

/** Reads a JSON Lines file whole. */
export async function readJsonLines(path: string, options: ReadOptions): Promise<Map<string, Column>> {
  const rows: Row[] = [];
  const lines: number[] = [];
  for await (const batch of lineBatches(path, options, BigInt)) {
    for (const { row, line } of batch) {
      rows.push(row);
      lines.push(line);
    }
  }
  if (rows.length === 0) throw new DataError("is empty; expected one record a line", { file: path });
  return columnsOfRows(rows, options.types, (index) => ({ file: path, row: index + 1, line: lines[index]! }));
}

/** The rows of a JSON Lines file in batches, each as it stands; whole numbers beyond 2^53 are text. */
export async function* scanJsonLines(path: string, options: ReadOptions): AsyncGenerator<RowBatch, void> {
  for await (const batch of lineBatches(path, options, String)) {
    yield { columns: undefined, rows: batch.map(({ row }) => row) };
  }
}

async function* lineBatches(
  path: string,
  options: ReadOptions,
  long: Long,
): AsyncGenerator<{ row: Row; line: number }[], void> {
  let line = 1;
  let rest = "";
  const parseLine = (text: string): { row: Row; line: number } | undefined => {
    const place = { file: path, line: line++ };
    if (text.trim() === "") return undefined;
    let value: unknown;
    try {
      value = parseJson(text, long);
    } catch (cause) {
      throw new DataError(`is not JSON: ${reason((cause as Error).message)}; expected one record a line`, {
        ...place,
        cause,
      });
    }
    return { row: asRow(value, place), line: place.line };
  };
  const parseAll = (texts: readonly string[]) =>
    texts.map(parseLine).filter((parsed) => parsed !== undefined);
  try {
    for await (const text of readText(path, options)) {
      rest += text;
      if (!text.includes("\n")) continue;
      const texts = rest.split("\n");
      rest = texts.pop()!;
      yield parseAll(texts);
    }
  } catch (error) {
    throw located(error, path, line);
  }
  yield parseAll([rest]);
}

function asRow(value: unknown, place: { file: string; row?: number; line?: number }): Row {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Row;
  const found = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  throw new DataError(`found ${found}; expected a record such as {"text": "…"}`, place);
}

/** V8's messages end in the place, which the error says in lines, and quote the text, which can be long. */
function reason(message: string): string {
  return message
    .replace(/,? ?(\.{3})?"[^]*" is not valid JSON$/, "")
    .replace(/ in JSON at position[^]*$/, "");
}

/**
 * The first line by which `text` is no start of JSON, found by halving. (V8 says the place of some faults only.)
 */
function faultyLine(text: string): number {
  const ends = [...text.matchAll(/\n|$/g)].map(({ index }) => index);
  let good = -1;
  let bad = ends.length - 1;
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    if (startsJson(text.slice(0, ends[middle]))) good = middle;
    else bad = middle;
  }
  return bad + 1;
}

/** Whether JSON can start with `text`: it is JSON, or lacks only what would follow. */
function startsJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /position (\d+)/.exec(message)?.[1];
    return message.startsWith("Unexpected end") || Number(position) >= text.trimEnd().length;
  }
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

function located(error: unknown, file: string, line: number): unknown {
  return error instanceof EncodingFault ? new DataError(error.advice, { file, line, cause: error }) : error;
}
