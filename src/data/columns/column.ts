import type { Field, Vector } from "apache-arrow";
import { arrow } from "../arrow.ts";
import { asText } from "./coerce.ts";
import { buildVector } from "./build.ts";
import { type Kind, scalar } from "./kind.ts";
import {
  type Reader,
  exceedsNumbers,
  jsonExtension,
  kindOfField,
  readDictionary,
  readVector,
} from "./read.ts";

/** The rows that a view shows, as positions in what it looks at. */
export type Order = Uint32Array;

/**
 * A column of a table: an Arrow vector, seen whole or through an order of positions. Taking rows makes a new
 * order and copies no value.
 */
export class Column {
  readonly kind: Kind;
  readonly length: number;
  /** The value at a position from 0; null where it is missing. */
  readonly at: Reader;
  readonly #base: Base;
  readonly #order: Order | undefined;
  #whole: Vector | undefined;
  #nulls: number | undefined;
  #groups: Groups | undefined;

  private constructor(base: Base, order?: Order) {
    const { read } = base;
    this.kind = base.kind;
    this.length = order ? order.length : base.vector.length;
    this.at = order ? (position) => read(order[position]!) : read;
    this.#base = base;
    this.#order = order;
  }

  /** A column of values that all fit `kind`. */
  static of(values: ArrayLike<unknown>, kind: Kind): Column {
    return Column.#over(buildVector(values, kind), kind);
  }

  /** The column of an Arrow field, without a copy where this process's apache-arrow made it. */
  static from(vector: Vector, field: Field): Column {
    const kind = kindOfField(field);
    const read = readVector(vector, kind);
    const tooLong = exceedsNumbers(vector);
    // Not instanceof: apache-arrow answers that with yes for the classes of its other copies too.
    const foreign = !Object.prototype.isPrototypeOf.call(arrow().Vector.prototype, vector);
    if (!tooLong && !foreign) return Column.#over(vector, kind);
    const values = Array.from({ length: vector.length }, (_, i) => read(i));
    if (!tooLong) return Column.of(values, kind);
    return Column.of(
      values.map((value) => (value === null ? null : asText(value))),
      scalar.string,
    );
  }

  static #over(vector: Vector, kind: Kind): Column {
    return new Column({ vector, kind, read: readVector(vector, kind) });
  }

  /**
   * The rows at `positions`, as a view. `composed` is shared among the columns of one table, so that the columns
   * which share an order before share it after.
   */
  take(positions: Order, composed: Map<Order, Order>): Column {
    if (!this.#order) return new Column(this.#base, positions);
    let order = composed.get(this.#order);
    if (!order) {
      const before = this.#order;
      order = positions.map((position) => before[position]!);
      composed.set(before, order);
    }
    return new Column(this.#base, order);
  }

  /** This column's Arrow vector; made once where the column is a view. */
  get vector(): Vector {
    if (!this.#order) return this.#base.vector;
    this.#whole ??= buildVector(this.values(), this.kind);
    return this.#whole;
  }

  /** This column's field in an Arrow schema. */
  field(name: string): Field {
    const metadata = this.kind === scalar.json ? new Map([jsonExtension]) : null;
    return new (arrow().Field)(name, this.vector.type, true, metadata);
  }

  /** All values, in order. */
  values(): unknown[] {
    const { at, length } = this;
    const values: unknown[] = new Array(length);
    for (let i = 0; i < length; i++) values[i] = at(i);
    return values;
  }

  /** How many values are missing. */
  get nulls(): number {
    if (this.#nulls === undefined) {
      if (!this.#order) this.#nulls = this.kind === scalar.null ? this.length : this.#base.vector.nullCount;
      else if (this.#base.vector.nullCount === 0 && this.kind !== scalar.null) this.#nulls = 0;
      else {
        let nulls = 0;
        for (let i = 0; i < this.length; i++) if (this.at(i) === null) nulls++;
        this.#nulls = nulls;
      }
    }
    return this.#nulls;
  }

  /** Which rows share a value. */
  groups(): Groups {
    this.#groups ??= this.#dictionaryGroups() ?? groupsOf(this);
    return this.#groups;
  }

  /** A dictionary-coded column is grouped already. */
  #dictionaryGroups(): Groups | undefined {
    const [data, ...others] = this.#base.vector.data;
    if (!data?.dictionary || others.length > 0) return undefined;
    const values: unknown[] = readDictionary(data.dictionary);
    if (new Set(values).size < values.length || values.includes(null)) return undefined;
    const missing = values.length;
    const source = data.values as ArrayLike<number | bigint>;
    const order = this.#order;
    const codes = new Uint32Array(this.length);
    const whole = data.nullCount === 0;
    for (let i = 0; i < codes.length; i++) {
      const position = order ? order[i]! : i;
      codes[i] = whole || data.getValid(position) ? Number(source[position]) : missing;
    }
    if (!whole) values.push(null);
    return { codes, values };
  }
}

interface Base {
  vector: Vector;
  kind: Kind;
  read: Reader;
}

/** Rows by value: `values[codes[i]]` is the value of row i. A value can have no rows. */
export interface Groups {
  codes: Uint32Array;
  values: unknown[];
}

function groupsOf({ at, length, kind }: Column): Groups {
  const codes = new Uint32Array(length);
  const codeOf = new Map<unknown, number>();
  const values: unknown[] = [];
  const nested = kind.name === "list" || kind.name === "struct" || kind === scalar.json;
  for (let i = 0; i < length; i++) {
    const value = at(i);
    const key = value === null ? null : nested || typeof value === "object" ? asText(value) : value;
    let code = codeOf.get(key);
    if (code === undefined) {
      code = values.length;
      codeOf.set(key, code);
      values.push(value);
    }
    codes[i] = code;
  }
  return { codes, values };
}
