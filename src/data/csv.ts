import { DataError } from "../core/errors.ts";
import { asText, coerce } from "./columns/coerce.ts";
import { Column } from "./columns/column.ts";
import { type Kind, scalar } from "./columns/kind.ts";
import { inferTextKind, TextKind } from "./columns/text.ts";

import { CsvReader, type CsvRecord } from "./csv-records.ts";
import { EncodingFault, readText } from "./decode.ts";
import { type ReadOptions, type Row, type RowBatch, checkTypes, givenKind } from "./table-format.ts";

/** Rows whose cells decide the types of a scan, which cannot look at a whole column. */
const scannedForTypes = 10_000;
/** Rows of one batch: so few that they are dropped again while they are young. */
const rowsAtOnce = 64;

/** Reads a CSV file whole; a column's type is inferred from all its cells. */
export async function readCsv(path: string, options: ReadOptions): Promise<Map<string, Column>> {
  let table: Header | undefined;
  const cells: (string | null)[][] = [];
  const lines: number[] = [];
  for await (const { header, records } of csvBatches(path, options, readText(path, options))) {
    table = header;
    for (const record of records) {
      for (let c = 0; c < header.names.length; c++) (cells[c] ??= []).push(record.cells[c]!);
      lines.push(record.line);
    }
  }
  checkTypes(options.types, table?.names ?? [], path);
  const columns = new Map<string, Column>();
  for (const [c, name] of (table?.names ?? []).entries()) {
    const texts = cells[c] ?? [];
    const kind = givenKind(options.types, name) ?? inferTextKind(texts);
    const parse = cellParser(name, kind, path);
    const values = kind === scalar.string ? texts : texts.map((cell, row) => parse(cell, lines[row]!));
    columns.set(name, Column.of(values, kind));
  }
  return columns;
}

/**
 * The rows of a CSV file in batches, with memory for one batch. Types are inferred from the first rows, 10,000 at
 * least; a later cell that does not fit is an error, never a guess.
 */
export async function* scanCsv(path: string, options: ReadOptions): AsyncGenerator<RowBatch, void> {
  const texts = readText(path, options);
  const begun: string[] = [];
  try {
    const parsers = await firstParsers(path, options, keeping(texts, begun));
    const names = [...parsers.keys()];
    const parse = [...parsers.values()];
    for await (const { records } of csvBatches(path, options, resuming(begun, texts))) {
      const rows = records.map(({ cells, line }) => {
        const row: Row = {};
        for (let c = 0; c < names.length; c++) row[names[c]!] = parse[c]!(cells[c]!, line);
        return row;
      });
      yield { columns: names, rows };
    }
  } finally {
    await texts.return();
  }
}

/**
 * How to read the cells of each column, by the first rows. They are let go and read again: whatever is made where
 * many were kept for long, the engine takes for old from its birth, and then collects it late.
 */
async function firstParsers(
  path: string,
  options: ReadOptions,
  texts: AsyncIterable<string>,
): Promise<Map<string, CellParser>> {
  let names: readonly string[] = [];
  let kinds: TextKind[] = [];
  let left = scannedForTypes;
  for await (const { header, records } of csvBatches(path, options, texts)) {
    if (names.length === 0) {
      names = header.names;
      kinds = names.map(() => new TextKind());
    }
    for (const { cells } of records) kinds.forEach((kind, c) => kind.add(cells[c]!));
    if ((left -= records.length) <= 0) break;
  }
  checkTypes(options.types, names, path);
  return new Map(
    names.map((name, c) => {
      const { kind } = kinds[c]!;
      // A column empty so far may still hold anything.
      const read = givenKind(options.types, name) ?? (kind === scalar.null ? scalar.string : kind);
      return [name, cellParser(name, read, path)];
    }),
  );
}

/** The texts of `source`, which are kept. Whoever stops reading leaves the others in it. */
async function* keeping(source: AsyncGenerator<string, void>, kept: string[]): AsyncGenerator<string, void> {
  for (let step = await source.next(); !step.done; step = await source.next()) {
    kept.push(step.value);
    yield step.value;
  }
}

/** The texts that were kept, let go as they are read, and the others. */
async function* resuming(kept: string[], source: AsyncGenerator<string, void>): AsyncGenerator<string, void> {
  for (let text = kept.shift(); text !== undefined; text = kept.shift()) yield text;
  yield* source;
}

/** Reads a cell as `kind`. An empty cell is null, a quoted empty one is the empty text where text is meant. */
type CellParser = (cell: string | null, line: number) => unknown;

function cellParser(name: string, kind: Kind, file: string): CellParser {
  if (kind === scalar.string) return (cell) => cell;
  return (cell, line) => {
    if (cell === null || cell === "") return null;
    try {
      if (kind === scalar.json) return JSON.parse(cell) as unknown;
      return coerce(cell, kind);
    } catch (error) {
      const advice = `; to keep the column as text, give types: { ${JSON.stringify(name)}: "string" }`;
      throw new DataError((error as Error).message + advice, { file, line, column: name });
    }
  };
}

interface Header {
  names: readonly string[];
}

/** The records of a file under its header, checked to be as wide as it; at least one batch, be it empty. */
async function* csvBatches(
  path: string,
  options: ReadOptions,
  texts: AsyncIterable<string>,
): AsyncGenerator<{ header: Header; records: CsvRecord[] }, void> {
  let reader: CsvReader | undefined;
  let header: Header | undefined;
  let count = 0;

  function* take(incoming: Iterable<CsvRecord>): Generator<CsvRecord[], void> {
    let records: CsvRecord[] = [];
    for (const record of incoming) {
      const { cells } = record;
      const blank = cells.length === 1 && cells[0] === null;
      if (!header) {
        if (!blank) header = readHeader(record, path);
        continue;
      }
      const { names } = header;
      if (blank && names.length > 1) continue;
      count++;
      if (cells.length !== names.length) throw ragged(record, names, count, path);
      records.push(record);
      if (records.length < rowsAtOnce) continue;
      yield records;
      records = [];
    }
    if (records.length > 0) yield records;
  }
  const located = (error: unknown): unknown => {
    if (error instanceof EncodingFault) {
      const { line, cells } = reader?.unfinished() ?? { line: 1, cells: 1 };
      return new DataError(error.advice, {
        file: path,
        line,
        column: header?.names[cells - 1],
        cause: error,
      });
    }
    const isBare = error instanceof DataError && error.place.file === undefined;
    return isBare
      ? new DataError(error.message.replace(/^line \d+: /, ""), { ...error.place, file: path })
      : error;
  };

  try {
    for await (const text of texts) {
      reader ??= new CsvReader(options.delimiter ?? guessDelimiter(text, options.format));
      for (const records of take(reader.push(text))) yield { header: header!, records };
    }
    for (const records of reader ? take(reader.end()) : []) yield { header: header!, records };
    if (!header)
      throw new DataError("is empty; expected a first line with the columns' names", { file: path });
    yield { header, records: [] };
  } catch (error) {
    throw located(error);
  }
}

/** The delimiter that the first line holds most often; a comma where none is there. */
function guessDelimiter(text: string, format: ReadOptions["format"]): string {
  if (format === "tsv") return "\t";
  const line = text.slice(0, text.search(/[\r\n]|$/)).replace(/"[^"]*"/g, "");
  let best = ",";
  for (const delimiter of [";", "\t", "|"]) {
    if (line.split(delimiter).length > line.split(best).length) best = delimiter;
  }
  return best;
}

/** A column without a name (an index that pandas wrote) is called by its place: `column1`. */
function readHeader({ cells, line }: CsvRecord, file: string): Header {
  const names = cells.map((cell, c) => cell ?? `column${c + 1}`);
  for (const [c, name] of names.entries()) {
    const first = names.indexOf(name);
    if (first < c) {
      const message = `columns ${first + 1} and ${c + 1} have the same name; rename one`;
      throw new DataError(message, { file, line, column: name });
    }
  }
  return { names };
}

function ragged({ cells, line }: CsvRecord, names: readonly string[], row: number, file: string): DataError {
  const missing = cells.length < names.length;
  const found = `found ${cells.length} ${cells.length === 1 ? "cell" : "cells"}, expected ${names.length}`;
  const hint = missing
    ? `nothing for "${names[cells.length]}" and on`
    : `${JSON.stringify(cells[names.length])} comes after the last column; a cell that holds the delimiter is quoted`;
  const column = missing ? names[cells.length] : names.at(-1);
  return new DataError(`${found}: ${hint}`, { file, line, row, column });
}

/**
 * One line of CSV. Null is an empty cell and the empty text a quoted one, so that reading tells them apart; dates
 * are ISO 8601, lists and records JSON.
 */
export function csvLine(values: readonly unknown[], delimiter: string): string {
  if (values.length === 1 && (values[0] === null || values[0] === undefined)) return "\n";
  return `${values.map((value) => csvCell(value, delimiter)).join(delimiter)}\n`;
}

function csvCell(value: unknown, delimiter: string): string {
  if (value === null || value === undefined) return "";
  const text = asText(value);
  const plain = text !== "" && !/["\r\n]/.test(text) && !text.includes(delimiter);
  return plain ? text : `"${text.replaceAll('"', '""')}"`;
}
