import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { mapOrdered } from "../core/concurrency.ts";
import { ConfigurationError } from "../core/errors.ts";
import { coerce } from "./columns/coerce.ts";
import { type Kind, extendKind, rowOnly, scalar, settle } from "./columns/kind.ts";
import { Dataset } from "./dataset.ts";
import { type Format, formatOf, nameOf, replaceFile } from "./file.ts";
import { scanJsonLines } from "./json.ts";
import { scanRows } from "./read.ts";
import { type ReadOptions, type Row, type RowBatch, unknownColumn } from "./table-format.ts";
import { columnsOfRows } from "./table.ts";
import { openWriter } from "./write.ts";

/** Rows of one batch in an Arrow or Parquet file; and those that decide the columns of CSV. */
const rowsOfBatch = 4096;
/** Rows of text that are written together: so few that they are dropped again while they are young. */
const rowsOfText = 64;

/**
 * One pass over rows that need not fit into memory. Each method adds a step and gives a new scan; nothing is read
 * before the scan is iterated, and iterating again reads again.
 *
 * ```ts
 * await Dataset.scan("tickets.csv")
 *   .filter((row) => row.language === "en")
 *   .map(async (row) => ({ ...row, ...(await classify.call(row)) }), { concurrency: 32 })
 *   .write("classified.parquet");
 * ```
 *
 * Sorting and splitting need all rows: {@link Scan.collect} first.
 */
export class Scan<R extends object = Row> implements AsyncIterable<R> {
  /** The file that is read, as its path was given. */
  readonly source: string;
  readonly #plan: readonly string[];
  readonly #open: () => AsyncIterable<RowBatch>;

  private constructor(source: string, plan: readonly string[], open: () => AsyncIterable<RowBatch>) {
    this.source = source;
    this.#plan = plan;
    this.#open = open;
  }

  /** A scan of a file; see {@link Dataset.scan}. */
  static over(path: string, options: ReadOptions = {}): Scan {
    const { format, encoding, delimiter, types } = options;
    const plan = [JSON.stringify({ format, encoding, delimiter, types })];
    return new Scan(path, plan, () => scanRows(path, options));
  }

  /** The file's name without its ending. */
  get name(): string {
    return nameOf(this.source);
  }

  /** The columns' names, which the first rows have to be read for. */
  async columns(): Promise<readonly string[]> {
    for await (const { columns, rows } of this.#open()) {
      if (columns) return columns;
      if (rows.length > 0) return fieldsOf(rows);
    }
    return [];
  }

  /**
   * SHA-256, in hexadecimal, of what the scan reads and does, without reading it: the file's path, size and time of
   * change, and the steps by the text of their functions. Values that a function takes from around it do not count.
   */
  fingerprint(): string {
    const { size, mtimeMs } = statSync(this.source);
    const content = JSON.stringify([resolve(this.source), size, mtimeMs, ...this.#plan]);
    return createHash("sha256").update(content).digest("hex");
  }

  /** The rows in order; the file is read as they are asked for. */
  async *[Symbol.asyncIterator](): AsyncIterator<R> {
    for await (const { rows } of this.#open()) yield* rows as R[];
  }

  /** Only these columns, in this order. */
  select<K extends keyof R & string>(...names: K[]): Scan<Pick<R, K>> {
    return this.#rows(
      `select ${JSON.stringify(names)}`,
      (row) => {
        const picked: Row = {};
        for (const name of names) {
          if (!Object.hasOwn(row, name)) throw unknownColumn(name, Object.keys(row));
          picked[name] = row[name];
        }
        return picked;
      },
      () => names,
    );
  }

  /** Columns under new names: `rename({ tweet: "text" })`. */
  rename(names: Readonly<Partial<Record<keyof R & string, string>>>): Scan {
    const renaming = new Map(Object.entries(names as Record<string, string>));
    const newName = (name: string) => renaming.get(name) ?? name;
    return this.#rows(
      `rename ${JSON.stringify(names)}`,
      (row) => {
        for (const name of renaming.keys()) {
          if (!Object.hasOwn(row, name)) throw unknownColumn(name, Object.keys(row));
        }
        return Object.fromEntries(Object.entries(row).map(([name, value]) => [newName(name), value]));
      },
      (columns) => columns.map(newName),
    );
  }

  /** The rows for which `keep` is true. */
  filter(keep: (row: R) => boolean): Scan<R> {
    return this.#batches(`filter ${keep.toString()}`, ({ columns, rows }) => ({
      columns,
      rows: rows.filter((row) => keep(row as R)),
    }));
  }

  /** With columns computed from each row, added or in place of those with their name. */
  derive<D extends Record<string, (row: R) => unknown>>(
    columns: D,
  ): Scan<Omit<R, keyof D> & { [name in keyof D]: ReturnType<D[name]> }> {
    const entries = Object.entries(columns);
    return this.#rows(
      `derive ${entries.map(([name, compute]) => `${name} ${compute.toString()}`).join()}`,
      (row) => {
        const derived = { ...row };
        for (const [name, compute] of entries) derived[name] = compute(row as R);
        return derived;
      },
      (before) => [...new Set([...before, ...entries.map(([name]) => name)])],
    );
  }

  /**
   * What `work` makes of each row, in the order of the rows, with `concurrency` (default 8) under way at once. Rows
   * are read only as places come free.
   */
  map<T extends object>(
    work: (row: R) => Promise<T>,
    options: { concurrency?: number; signal?: AbortSignal } = {},
  ): Scan<T> {
    const { concurrency = 8, signal } = options;
    const source = this[Symbol.asyncIterator].bind(this);
    return this.#then(`map ${work.toString()}`, async function* () {
      const rows = { [Symbol.asyncIterator]: source };
      for await (const row of mapOrdered(rows, work, { concurrency, signal })) {
        yield { columns: undefined, rows: [row as Row] };
      }
    });
  }

  /** The first `count` rows; no more is read. */
  limit(count: number): Scan<R> {
    const open = this.#open;
    return this.#then(`limit ${count}`, async function* () {
      let left = count;
      if (left <= 0) return;
      for await (const { columns, rows } of open()) {
        yield { columns, rows: rows.slice(0, left) };
        left -= rows.length;
        if (left <= 0) return;
      }
    });
  }

  /** Tables of `size` rows, the last one shorter. */
  async *batches(size: number): AsyncGenerator<Dataset<R>, void> {
    for await (const { rows } of evenly(this.#open(), size))
      if (rows.length > 0) yield Dataset.from(rows as R[]);
  }

  /** All rows, in memory. */
  async collect(): Promise<Dataset<R>> {
    const all: Row[] = [];
    let names: readonly string[] | undefined;
    for await (const { columns, rows } of this.#open()) {
      names ??= columns;
      for (const row of rows) all.push(row);
    }
    return Dataset.ofColumns<R>(columnsOfRows(all, undefined, undefined, names), all.length);
  }

  /** How many rows there are. */
  async count(): Promise<number> {
    let count = 0;
    for await (const { rows } of this.#open()) count += rows.length;
    return count;
  }

  /**
   * Writes the rows to a file in the format of its extension, or of `options.format`, as they come; it appears whole
   * or not at all. Parquet and Arrow state their types first: there the rows spill to a file beside `path` until all
   * types are known.
   *
   * @returns how many rows were written.
   */
  async write(path: string, options: { format?: Format } = {}): Promise<{ rows: number }> {
    const format = options.format ?? formatOf(path);
    return await replaceFile(path, async (temporary) =>
      format === "parquet" || format === "arrow"
        ? await this.#spillAndWrite(format, temporary)
        : await this.#stream(format, temporary),
    );
  }

  async #stream(format: Format, path: string): Promise<{ rows: number }> {
    return await writeAll(path, format, undefined, evenly(this.#open(), rowsOfText, rowsOfBatch));
  }

  async #spillAndWrite(format: Format, path: string): Promise<{ rows: number }> {
    const spill = `${path}.spill`;
    const kinds = new Map<string, Kind>();
    const batches = evenly(this.#open(), rowsOfText);
    let row = 0;
    async function* watched(): AsyncGenerator<RowBatch, void> {
      for await (const { columns, rows } of batches) {
        for (const name of columns ?? []) if (!kinds.has(name)) kinds.set(name, scalar.null);
        for (const each of rows) {
          for (const name of Object.keys(each)) {
            kinds.set(name, extendKind(kinds.get(name) ?? scalar.null, each[name], name, rowOnly, row));
          }
          row++;
        }
        yield { columns, rows: rows.map(spilled) };
      }
    }
    try {
      await writeAll(spill, "jsonl", undefined, watched());
      const settled = new Map([...kinds].map(([name, kind]) => [name, settle(kind)]));
      return await writeAll(path, format, settled, unspilled(spill, settled));
    } finally {
      await rm(spill, { force: true });
    }
  }

  #rows(
    plan: string,
    step: (row: Row) => Row,
    names: (columns: readonly string[]) => readonly string[],
  ): Scan<never> {
    return this.#batches(plan, ({ columns, rows }) => ({
      columns: columns && names(columns),
      rows: rows.map(step),
    }));
  }

  #batches<T extends object>(plan: string, step: (batch: RowBatch) => RowBatch): Scan<T> {
    const open = this.#open;
    return this.#then(plan, async function* () {
      for await (const batch of open()) yield step(batch);
    });
  }

  #then<T extends object>(plan: string, open: () => AsyncIterable<RowBatch>): Scan<T> {
    return new Scan<T>(this.source, [...this.#plan, plan], open);
  }
}

/**
 * The rows in batches of `size`, the first one of `first` and the last one smaller; at least one batch, for columns
 * without rows are still columns.
 */
async function* evenly(
  batches: AsyncIterable<RowBatch>,
  size: number,
  first = size,
): AsyncGenerator<RowBatch, void> {
  if (!(Number.isInteger(size) && size >= 1)) throw new ConfigurationError(`invalid batch size: ${size}`);
  let names: readonly string[] | undefined;
  let held: Row[] = [];
  let full = first;
  let given = false;
  for await (const { columns, rows } of batches) {
    names ??= columns;
    for (const row of rows) {
      held.push(row);
      if (held.length < full) continue;
      yield { columns: names, rows: held };
      given = true;
      held = [];
      full = size;
    }
  }
  if (held.length > 0 || !given) yield { columns: names, rows: held };
}

/** Writes all batches; the first one's fields are the columns where no kinds are given. */
async function writeAll(
  path: string,
  format: Format,
  kinds: ReadonlyMap<string, Kind> | undefined,
  batches: AsyncIterable<RowBatch>,
): Promise<{ rows: number }> {
  let writer = kinds && (await openWriter(format, path, kinds));
  let count = 0;
  try {
    for await (const { columns, rows } of batches) {
      writer ??= await openWriter(format, path, untyped(columns ?? fieldsOf(rows)));
      await writer.write(rows);
      count += rows.length;
    }
    writer ??= await openWriter(format, path, untyped([]));
  } finally {
    await writer?.close();
  }
  return { rows: count };
}

const untyped = (names: readonly string[]) => new Map(names.map((name) => [name, scalar.null]));
const fieldsOf = (rows: readonly Row[]) => [...new Set(rows.flatMap(Object.keys))];

/** A row as JSON brings it back whole: its own NaN and infinities would become null. */
function spilled(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, isNonFinite(value) ? String(value) : value]),
  );
}

const isNonFinite = (value: unknown) => typeof value === "number" && !Number.isFinite(value);

async function* unspilled(path: string, kinds: ReadonlyMap<string, Kind>): AsyncGenerator<RowBatch, void> {
  for await (const { rows } of evenly(scanJsonLines(path, {}), rowsOfBatch)) {
    yield {
      columns: [...kinds.keys()],
      rows: rows.map((row) =>
        Object.fromEntries([...kinds].map(([name, kind]) => [name, coerce(row[name], kind)])),
      ),
    };
  }
}
