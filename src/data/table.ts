import type { Data, Schema, Table } from "apache-arrow";
import { arrow } from "./arrow.ts";
import { DataError } from "../core/errors.ts";
import { coerce } from "./columns/coerce.ts";
import { Column } from "./columns/column.ts";
import { type Kind, type Locate, inferKind } from "./columns/kind.ts";
import { type ColumnTypes, type Row, givenKind } from "./table-format.ts";

/** Columns from plain rows. A field that a row lacks is null there; columns come in order of first appearance. */
export function columnsOfRows(
  rows: readonly Row[],
  types?: ColumnTypes,
  locate?: Locate,
  names?: readonly string[],
): Map<string, Column> {
  const columns = new Map<string, unknown[]>((names ?? []).map((name) => [name, new Array(rows.length)]));
  for (const [index, row] of rows.entries()) {
    for (const name of Object.keys(row)) {
      let values = columns.get(name);
      if (!values) columns.set(name, (values = new Array<unknown>(rows.length)));
      values[index] = row[name];
    }
  }
  return columnsOfValues(columns, types, locate);
}

/** Columns from arrays of values, all of one length. */
export function columnsOfValues(
  values: Iterable<readonly [string, ArrayLike<unknown>]>,
  types?: ColumnTypes,
  locate?: Locate,
): Map<string, Column> {
  const columns = new Map<string, Column>();
  for (const [name, list] of values) columns.set(name, columnOf(name, list, givenKind(types, name), locate));
  return columns;
}

/** A column of `values`, of a kind that was given or else inferred from all of them. */
export function columnOf(name: string, values: ArrayLike<unknown>, given?: Kind, locate?: Locate): Column {
  if (!given) return Column.of(values, inferKind(values, name, locate));
  const fitted = Array.from({ length: values.length }, (_, index) => {
    try {
      return coerce(values[index], given);
    } catch (error) {
      const place = locate?.(index) ?? { row: index + 1 };
      throw new DataError((error as Error).message, { ...place, column: name });
    }
  });
  return Column.of(fitted, given);
}

/** The columns of an Arrow table, whichever copy of apache-arrow made it. */
export function columnsOfArrow(table: Table): Map<string, Column> {
  const columns = new Map<string, Column>();
  for (const [index, field] of table.schema.fields.entries()) {
    if (columns.has(field.name)) {
      throw new DataError("the Arrow table has two columns of this name; rename one", { column: field.name });
    }
    columns.set(field.name, Column.from(table.getChildAt(index)!, field));
  }
  return columns;
}

/** An Arrow table of columns. */
export function arrowTable(columns: ReadonlyMap<string, Column>, length: number): Table {
  const { Schema, Table, RecordBatch, Struct, makeData } = arrow();
  const fields = [...columns].map(([name, column]) => column.field(name));
  const schema = new Schema(fields);
  const vectors = [...columns.values()].map((column) => column.vector);
  const single = vectors.every((vector) => vector.data.length === 1);
  if (!single)
    return new Table(schema, Object.fromEntries([...columns.keys()].map((name, i) => [name, vectors[i]!])));
  const data = makeData({
    type: new Struct(fields),
    length,
    children: vectors.map((vector) => vector.data[0] as Data),
  });
  return new Table(schema, [new RecordBatch(schema, data)]);
}

/** True for a table of apache-arrow, of any copy. */
export function isArrowTable(source: object): source is Table {
  return (
    "schema" in source &&
    "batches" in source &&
    "getChildAt" in source &&
    Array.isArray((source.schema as Partial<Schema>)?.fields)
  );
}
