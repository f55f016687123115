import { inspect } from "node:util";
import { type Column } from "./columns/column.ts";
import type { Reader } from "./columns/read.ts";

/** A row that is moved along a table instead of being made anew for each row. */
export interface Cursor<R extends object> {
  row: R;
  move: (position: number) => void;
}

/**
 * One row object whose fields read the columns at the place the cursor stands, so that a function which looks at
 * one field of a million rows decodes a million values and not a million rows.
 */
export function cursorOver<R extends object>(columns: ReadonlyMap<string, Column>): Cursor<R> {
  const readers = [...columns.values()].map(({ at }) => at);
  const row = new MovedRow(readers);
  let place = 0;
  for (const name of columns.keys()) Object.defineProperty(row, name, fieldAt(place++));
  return { row: row as R, move: (to) => MovedRow.move(row, to) };
}

/** Fields are its own, so that `{ ...row }` is a copy of what it shows. */
class MovedRow {
  readonly #readers: readonly Reader[];
  #position = 0;

  constructor(readers: readonly Reader[]) {
    this.#readers = readers;
  }

  static move(row: MovedRow, position: number): void {
    row.#position = position;
  }

  static field(place: number): PropertyDescriptor {
    return {
      get(this: MovedRow) {
        return this.#readers[place]!(this.#position);
      },
      enumerable: true,
    };
  }

  [inspect.custom](): object {
    return { ...this };
  }
}

/**
 * Shared by all rows, whatever their columns' names: V8 makes a slow dictionary of an object whose field has another
 * getter than the field of that name had in the object before.
 */
const fields: PropertyDescriptor[] = [];

function fieldAt(place: number): PropertyDescriptor {
  return (fields[place] ??= MovedRow.field(place));
}
