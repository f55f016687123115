import { writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import type { Table } from "apache-arrow";
import type { DataFrame } from "danfojs";
import { type Displayable, type MimeBundle, display } from "../core/display.ts";
import { ConfigurationError, DataError } from "../core/errors.ts";
import { random } from "../core/random.ts";
import { arrow } from "./arrow.ts";
import { Column, type Order } from "./columns/column.ts";
import { isReserved, merge, spell } from "./columns/kind.ts";
import { cursorOver } from "./cursor.ts";
import { type FrameLike, columnsOfFrame, frameOf, isFrame } from "./danfo.ts";
import { type Format, formatOf, nameOf, replaceFile } from "./file.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { sortedOrder } from "./order.ts";
import { readColumns } from "./read.ts";
import { Scan } from "./scan.ts";
import { showHtml, showText } from "./show.ts";
import { type SplitOptions, countRows, splitOptions, splitOrder } from "./split.ts";
import { type ColumnTypes, type ReadOptions, type Row, checkTypes, unknownColumn } from "./table-format.ts";
import {
  arrowTable,
  columnOf,
  columnsOfArrow,
  columnsOfRows,
  columnsOfValues,
  isArrowTable,
} from "./table.ts";
import { openWriter } from "./write.ts";

/** Rows that are written together. */
const rowsAtOnce = 65_536;

/** Anything that {@link Dataset.from} makes a table of. */
export type TableLike<R extends object = Row> =
  Dataset<R> | readonly R[] | Table | FrameLike | Readonly<Record<string, ArrayLike<unknown>>>;

/** A column's name, its type (`integer`, `list<string>`), and how many values are missing. */
export interface ColumnSchema {
  name: string;
  type: string;
  nulls: number;
}

/** What is known of a table beyond its columns. */
interface Origin {
  inputColumns?: readonly string[] | undefined;
  source?: string | undefined;
}

/** The parts of a split, by the names that were given. */
export type Split<R extends object, P> = Record<Exclude<keyof P, keyof SplitOptions>, Dataset<R>>;

/**
 * A table in memory, never changed: every method gives a new one. Columns are Arrow vectors; filtering, sorting,
 * sampling and splitting make views that share them and copy no value. Rows are read when they are asked for.
 *
 * ```ts
 * const reviews = await Dataset.read("reviews.csv");
 * const { train, test } = reviews.split({ train: 0.7, test: 0.3, seed: 7, stratify: "sentiment" });
 * ```
 *
 * A value is a string, a number, a boolean, a `Date`, a `Uint8Array`, a list or record of these, or null where it
 * is missing.
 */
export class Dataset<R extends object = Row> implements Iterable<R>, Displayable {
  /** How many rows there are. */
  readonly length: number;
  /** The columns that are inputs of a program, where {@link Dataset.inputs} said so; the others are labels. */
  readonly inputColumns: readonly string[] | undefined;
  /** The file that the rows came from, as its path was given, where they came from one. */
  readonly source: string | undefined;
  readonly #columns: ReadonlyMap<string, Column>;
  #table: Table | undefined;
  #fingerprint: string | undefined;

  private constructor(
    columns: ReadonlyMap<string, Column>,
    length: number,
    { inputColumns, source }: Origin,
  ) {
    const reserved = [...columns.keys()].find(isReserved);
    if (reserved !== undefined) {
      throw new DataError("no column can have this name; rename it", { column: reserved });
    }
    for (const [name, column] of columns) {
      if (column.length !== length) {
        throw new DataError(`has ${column.length} values where the table has ${length} rows`, {
          column: name,
        });
      }
    }
    this.#columns = columns;
    this.length = length;
    this.inputColumns = inputColumns?.filter((name) => columns.has(name));
    this.source = source;
  }

  /**
   * Reads a file: CSV, TSV, JSON (an array of records), JSON Lines, Parquet or Arrow IPC (Feather), by its
   * extension.
   *
   * In CSV a column's type is inferred from all its cells: boolean, integer or number where no digit would be lost
   * (`007` and numbers beyond 2^53 stay text), else text; an empty cell is null. Name types that should not be
   * inferred: `{ types: { zip: "string" } }`.
   *
   * @throws DataError with file, line and column, where the file does not hold a table.
   */
  static async read(path: string, options: ReadOptions = {}): Promise<Dataset> {
    return Dataset.ofColumns(await readColumns(path, options), undefined, { source: path });
  }

  /**
   * A table of rows, of columns (`{ text: [...], label: [...] }`), of an Arrow table or of a danfojs DataFrame. A
   * Dataset is given back as it is.
   *
   * @param options.types types that should not be inferred, by column.
   * @throws DataError where a column mixes types, or columns differ in length.
   */
  static from<R extends object>(
    source: Dataset<R> | readonly R[],
    options?: { types?: ColumnTypes },
  ): Dataset<R>;
  static from<C extends Readonly<Record<string, ArrayLike<unknown>>>>(
    columns: C,
    options?: { types?: ColumnTypes },
  ): Dataset<{ [name in keyof C]: C[name][number] }>;
  static from<R extends object = Row>(source: TableLike<R>, options?: { types?: ColumnTypes }): Dataset<R>;
  static from(source: TableLike, { types }: { types?: ColumnTypes } = {}): Dataset {
    if (source instanceof Dataset) return source;
    if (source === null || typeof source !== "object") {
      throw new ConfigurationError(
        `cannot make a table of ${String(source)}; expected rows, columns, Arrow or a DataFrame`,
      );
    }
    let columns: Map<string, Column>;
    if (Array.isArray(source)) {
      const rows = source as readonly Row[];
      const odd = rows.findIndex((row) => row === null || typeof row !== "object" || Array.isArray(row));
      if (odd >= 0)
        throw new DataError('is not a record; expected one such as { text: "…" }', { row: odd + 1 });
      columns = columnsOfRows(rows, types);
    } else if (isArrowTable(source)) columns = columnsOfArrow(source);
    else if (isFrame(source)) columns = columnsOfFrame(source, types);
    else columns = columnsOfValues(Object.entries(source), types);
    const length = Array.isArray(source) ? source.length : isArrowTable(source) ? source.numRows : undefined;
    checkTypes(types, columns.keys());
    return Dataset.ofColumns(columns, length);
  }

  /**
   * One pass over a file of any size, with memory for a few rows; nothing is read before the scan is iterated,
   * written or collected. Parquet and Arrow are read a row group or batch at a time; JSON has to be read whole.
   */
  static scan(path: string, options: ReadOptions = {}): Scan {
    return Scan.over(path, options);
  }

  /** @internal */
  static ofColumns<R extends object = Row>(
    columns: ReadonlyMap<string, Column>,
    length = columns.values().next().value?.length ?? 0,
    origin: Origin = {},
  ): Dataset<R> {
    return new Dataset<R>(columns, length, origin);
  }

  /** The file's name without its ending, where the rows came from a file. */
  get name(): string | undefined {
    return this.source === undefined ? undefined : nameOf(this.source);
  }

  /** The columns' names, in order. */
  get columns(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** Name, type and number of missing values of each column. */
  get schema(): readonly ColumnSchema[] {
    return [...this.#columns].map(([name, { kind, nulls }]) => ({ name, type: spell(kind), nulls }));
  }

  /** The Arrow table. Columns that are not seen through a filter, sort or split are not copied. */
  get table(): Table {
    this.#table ??= arrowTable(this.#columns, this.length);
    return this.#table;
  }

  /** The row at `index`, as a plain object; a negative index counts from the end. */
  at(index: number): R {
    const position = index < 0 ? this.length + index : index;
    if (!Number.isInteger(position) || position < 0 || position >= this.length) {
      throw new DataError(`there is no row ${index}; the table has ${this.length} rows, from 0`);
    }
    return this.#row(position);
  }

  /** The rows in order, each read as it is reached. */
  *[Symbol.iterator](): Iterator<R> {
    for (let position = 0; position < this.length; position++) yield this.#row(position);
  }

  /** All rows, as plain objects. */
  rows(): R[] {
    return Array.from(this);
  }

  /** All values of a column; null where one is missing. */
  column<K extends keyof R & string>(name: K): R[K][] {
    return this.#column(name).values() as R[K][];
  }

  /** Only these columns, in this order. */
  select<K extends keyof R & string>(...names: K[]): Dataset<Pick<R, K>> {
    return this.#with(new Map(names.map((name) => [name, this.#column(name)])));
  }

  /** Without these columns. */
  drop<K extends keyof R & string>(...names: K[]): Dataset<Omit<R, K>> {
    const columns = new Map(this.#columns);
    for (const name of names) {
      this.#column(name);
      columns.delete(name);
    }
    return this.#with(columns);
  }

  /** Columns under new names, in their old places: `rename({ tweet: "text" })`. */
  rename(names: Readonly<Partial<Record<keyof R & string, string>>>): Dataset {
    const renaming = new Map(Object.entries(names as Record<string, string>));
    for (const name of renaming.keys()) this.#column(name);
    const columns = new Map<string, Column>();
    for (const [old, column] of this.#columns) {
      const name = renaming.get(old) ?? old;
      if (columns.has(name)) throw new DataError("two columns would have this name", { column: name });
      columns.set(name, column);
    }
    const inputColumns = this.inputColumns?.map((name) => renaming.get(name) ?? name);
    return Dataset.ofColumns(columns, this.length, { inputColumns, source: this.source });
  }

  /**
   * The rows for which `keep` is true, as a view. The row that `keep` is given is only good during the call; to
   * hold on to it, copy it: `{ ...row }`.
   */
  filter(keep: (row: R, index: number) => boolean): Dataset<R> {
    const { row, move } = cursorOver<R>(this.#columns);
    const kept = new Uint32Array(this.length);
    let count = 0;
    for (let index = 0; index < this.length; index++) {
      move(index);
      // Written in any case: a branch that is taken at random costs more than a number.
      kept[count] = index;
      count += Number(Boolean(keep(row, index)));
    }
    return this.#take(kept.slice(0, count));
  }

  /**
   * With columns computed from each row, added after the others or in place of those with their name:
   * `derive({ words: (row) => row.text.split(" ").length })`. The row is only good during the call.
   */
  derive<D extends Record<string, (row: R, index: number) => unknown>>(
    columns: D,
  ): Dataset<Omit<R, keyof D> & { [name in keyof D]: ReturnType<D[name]> }> {
    const { row, move } = cursorOver<R>(this.#columns);
    const computed = Object.entries(columns).map(([name, compute]) => {
      const values = new Array<unknown>(this.length);
      for (let index = 0; index < this.length; index++) {
        move(index);
        values[index] = compute(row, index);
      }
      return [name, values] as const;
    });
    return this.withColumns(Object.fromEntries(computed)) as never;
  }

  /** With these columns of values, one a row, added or in place of those with their name. */
  withColumns<C extends Record<string, ArrayLike<unknown>>>(
    columns: C,
    { types }: { types?: ColumnTypes } = {},
  ): Dataset<Omit<R, keyof C> & { [name in keyof C]: C[name][number] }> {
    checkTypes(types, Object.keys(columns));
    const added = columnsOfValues(Object.entries(columns), types);
    return this.#with(new Map([...this.#columns, ...added]));
  }

  /**
   * Sorted by one column or several, the first deciding before the next; equal rows keep their order. Missing values
   * come last in both directions; text is in order of its UTF-16 code units.
   *
   * @param options.descending largest first. Default false.
   */
  sort(
    names: (keyof R & string) | readonly (keyof R & string)[],
    options: { descending?: boolean } = {},
  ): Dataset<R> {
    const keys = [names].flat().map((name) => this.#column(name));
    return this.#take(sortedOrder(keys, this.length, options.descending ?? false));
  }

  /** The rows from `start` up to, not including, `end`; negative positions count from the end, as for an array. */
  slice(start = 0, end = this.length): Dataset<R> {
    const place = (at: number) =>
      Math.min(this.length, Math.max(0, Math.trunc(at < 0 ? this.length + at : at)));
    const first = place(start);
    return this.#take(Uint32Array.from({ length: Math.max(0, place(end) - first) }, (_, i) => first + i));
  }

  /** The first `count` rows. Default 10. */
  head(count = 10): Dataset<R> {
    return this.slice(0, Math.max(0, count));
  }

  /** `count` different rows in random order; all of them where there are fewer. The seed's default is 0. */
  sample(count: number, { seed = 0 }: { seed?: number } = {}): Dataset<R> {
    if (!(Number.isInteger(count) && count >= 0))
      throw new ConfigurationError(`invalid sample: ${count} rows`);
    return this.#take(Uint32Array.from(random(seed).sample(positions(this.length), count)));
  }

  /** These rows, then those of `other`, which has the same columns in any order. */
  concat(other: TableLike<R>): Dataset<R> {
    const added = Dataset.from(other as TableLike<Row>);
    for (const name of this.columns) added.#column(name);
    for (const name of added.columns) this.#column(name);
    const columns = new Map<string, Column>();
    for (const [name, ours] of this.#columns) {
      const theirs = added.#column(name);
      const kind = merge(ours.kind, theirs.kind);
      if (!kind) {
        const message = `is ${spell(ours.kind)} in one table and ${spell(theirs.kind)} in the other; convert one`;
        throw new DataError(message, { column: name });
      }
      columns.set(name, Column.of([...ours.values(), ...theirs.values()], kind));
    }
    return this.#with(columns, this.length + added.length);
  }

  /** How many rows have each combination of values of these columns, in a column `count`, the most frequent first. */
  groupCounts<K extends keyof R & string>(...names: K[]): Dataset<Pick<R, K> & { count: number }> {
    const { firsts, counts } = this.#combinations(names);
    const order = sortedOrder([columnOf("count", counts)], counts.length, true);
    const rows = this.select(...names)
      .#take(firsts)
      .#take(order);
    return rows.withColumns({ count: order.map((position) => counts[position]!) }) as never;
  }

  /** The first row of each combination of values of these columns; of all columns where none is named. */
  distinct(...names: (keyof R & string)[]): Dataset<R> {
    return this.#take(this.#combinations(names.length > 0 ? names : this.columns).firsts);
  }

  /**
   * Divides the rows at random: `split({ train: 0.5, val: 0.2, test: 0.3, seed: 7, stratify: "sentiment" })`. Sizes
   * are fractions (together at most 1) or whole numbers of rows. The same seed (default 0) gives the same parts.
   *
   * `stratify` keeps the shares of a column's values in every part; `groupBy` keeps rows with one value together,
   * sizes then being as near as whole groups allow.
   */
  split<P extends Readonly<Record<string, number | string | undefined>> & SplitOptions>(
    parts: P,
  ): Split<R, P> {
    const sizes = new Map<string, number>();
    for (const [name, size] of Object.entries(parts)) {
      if (splitOptions.includes(name)) continue;
      if (typeof size !== "number") throw new ConfigurationError(`invalid size of part ${name}: ${size}`);
      sizes.set(name, size);
    }
    const { seed = 0, stratify, groupBy } = parts as SplitOptions;
    const strata = stratify === undefined ? undefined : this.#column(stratify);
    const groups = groupBy === undefined ? undefined : this.#column(groupBy);
    const orders = splitOrder(this.length, sizes, seed, strata, groups);
    return Object.fromEntries([...orders].map(([name, order]) => [name, this.#take(order)])) as Split<R, P>;
  }

  /** Marks the columns that a program takes; the others are labels to compare its answers with. */
  inputs(...names: (keyof R & string)[]): Dataset<R> {
    for (const name of names) this.#column(name);
    return Dataset.ofColumns(this.#columns, this.length, { inputColumns: names, source: this.source });
  }

  /**
   * Writes a file in the format of its extension, or of `options.format`. It appears whole or not at all.
   *
   * In CSV null is an empty cell and the empty text a quoted one, dates are ISO 8601, lists and records JSON.
   */
  async write(path: string, options: { format?: Format } = {}): Promise<void> {
    const format = options.format ?? formatOf(path);
    await replaceFile(path, async (temporary) => {
      if (format === "arrow") return await writeFile(temporary, this.toIPC());
      const kinds = new Map([...this.#columns].map(([name, { kind }]) => [name, kind]));
      const writer = await openWriter(format, temporary, kinds);
      try {
        for (let start = 0; start < this.length; start += rowsAtOnce) {
          await writer.write(this.slice(start, start + rowsAtOnce).rows() as Row[]);
        }
      } finally {
        await writer.close();
      }
    });
  }

  /** A danfojs DataFrame, for exploring; danfojs is loaded here. Missing numbers are NaN in it, as danfojs has them. */
  // eslint-disable-next-line @typescript-eslint/require-await -- loading danfojs may become asynchronous
  async toDataFrame(): Promise<DataFrame> {
    return frameOf(this.#columns, this.length);
  }

  /** The rows, for `JSON.stringify`. */
  toJSON(): R[] {
    return this.rows();
  }

  /** The table as a file of the Arrow IPC format (Feather version 2). */
  toIPC(): Uint8Array {
    return arrow().tableToIPC(this.table, "file");
  }

  /**
   * SHA-256 of the content, in hexadecimal: equal for tables with the same columns and values in the same order of
   * rows, however they came to be; the order of columns does not count.
   */
  fingerprint(): string {
    this.#fingerprint ??= fingerprintOf(this.#columns);
    return this.#fingerprint;
  }

  [display](): MimeBundle {
    const shown = this.#shown();
    return { "text/html": showHtml(shown), "text/plain": showText(shown) };
  }

  /** The table as text, for terminals. */
  [inspect.custom](): string {
    return `Dataset ${showText(this.#shown())}`;
  }

  #shown() {
    return {
      length: this.length,
      schema: this.schema,
      at: (row: number, name: string) => this.#column(name).at(row),
    };
  }

  #column(name: string): Column {
    const column = this.#columns.get(name);
    if (!column) throw unknownColumn(name, this.#columns.keys());
    return column;
  }

  #row(position: number): R {
    const row: Row = {};
    for (const [name, column] of this.#columns) row[name] = column.at(position);
    return row as R;
  }

  #with<S extends object>(columns: ReadonlyMap<string, Column>, length = this.length): Dataset<S> {
    return Dataset.ofColumns(columns, length, this);
  }

  #take(order: Order): Dataset<R> {
    const composed = new Map<Order, Order>();
    const columns = new Map([...this.#columns].map(([name, column]) => [name, column.take(order, composed)]));
    return this.#with(columns, order.length);
  }

  /** The first row of each combination of values, and how many rows have it. */
  #combinations(names: readonly string[]): { firsts: Order; counts: Uint32Array } {
    const [first, ...others] = names.map((name) => this.#column(name).groups());
    let groups = first ?? { codes: new Uint32Array(this.length), values: [null] };
    for (const other of others) {
      const codeOf = new Map<number, number>();
      const codes = groups.codes.map((code, row) => {
        const pair = code * other.values.length + other.codes[row]!;
        const known = codeOf.get(pair);
        if (known === undefined) codeOf.set(pair, codeOf.size);
        return known ?? codeOf.size - 1;
      });
      groups = { codes, values: new Array<unknown>(codeOf.size) };
    }
    const counts = countRows(groups);
    const firsts = new Uint32Array(counts.length).fill(this.length);
    for (let row = this.length - 1; row >= 0; row--) firsts[groups.codes[row]!] = row;
    const present = firsts.filter((row) => row < this.length).sort();
    return { firsts: present, counts: present.map((row) => counts[groups.codes[row]!]!) };
  }
}

function* positions(length: number): Generator<number> {
  for (let position = 0; position < length; position++) yield position;
}
