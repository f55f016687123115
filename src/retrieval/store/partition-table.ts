import type { Data, FixedSizeList, Schema, Table } from "apache-arrow";
import { DataError } from "../../core/index.ts";
import type { Lance } from "./lance.ts";
import type { KnownField } from "./manifest.ts";
import { searchedText } from "../searched-text.ts";
import type { StoredDocument } from "./stored-document.ts";

/** A document with its vector. */
export interface StoredRow extends StoredDocument {
  readonly vector: Float32Array;
}

/** The columns of text that every partition has. */
const texts: readonly (readonly [string, (row: StoredRow) => unknown])[] = [
  ["id", (row) => row.id],
  ["text", (row) => row.text],
  ["words", searchedText],
  ["extra", (row) => row.extra],
  ["text_key", (row) => row.textKey],
  ["extra_key", (row) => row.extraKey],
];

/** A field's value where it is of the column's type; documents need not agree on the type of a field. */
function fieldReader({ name, type }: KnownField): (row: StoredRow) => unknown {
  return ({ fields }) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : null;
    return typeof value === type ? value : null;
  };
}

/** The columns of a partition's table: these, and one for each known field. */
export function partitionSchema({ arrow }: Lance, dimension: number, fields: readonly KnownField[]): Schema {
  const { Bool, Field, FixedSizeList, Float32, Float64, Schema, Utf8 } = arrow;
  const types = { string: () => new Utf8(), number: () => new Float64(), boolean: () => new Bool() };
  const vector = new FixedSizeList(dimension, new Field("item", new Float32(), true));
  return new Schema([
    ...texts.map(([name]) => new Field(name, new Utf8(), false)),
    new Field("vector", vector, true),
    ...fields.map(({ column, type }) => new Field(column, types[type](), true)),
  ]);
}

/** Rows as a table of {@link partitionSchema}, the vectors copied once. */
export function partitionRows(
  lance: Lance,
  dimension: number,
  fields: readonly KnownField[],
  rows: readonly StoredRow[],
): Table {
  const { Float32, makeData, RecordBatch, Struct, Table, vectorFromArray } = lance.arrow;
  const schema = partitionSchema(lance, dimension, fields);
  const numbers = new Float32Array(rows.length * dimension);
  rows.forEach((row, index) => numbers.set(row.vector, index * dimension));
  const vectors = (type: FixedSizeList) =>
    makeData({
      type,
      length: rows.length,
      nullCount: 0,
      child: makeData({ type: new Float32(), data: numbers }),
    });
  const readers = new Map([...texts, ...fields.map((field) => [field.column, fieldReader(field)] as const)]);
  const children = schema.fields.map(({ name, type }): Data => {
    const read = readers.get(name);
    return read ? (vectorFromArray(rows.map(read), type).data[0] as Data) : vectors(type as FixedSizeList);
  });
  const data = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children });
  return new Table(schema, [new RecordBatch(schema, data)]);
}

/** Columns a table bears well; fields that are no columns but data by the thousand are none to filter by. */
const mostFields = 500;

/**
 * The fields that are known already, then those of `rows` that are not; a column for each type of a field's values.
 * Throws DataError where there are too many.
 */
export function withFieldsOf(
  known: readonly KnownField[],
  rows: readonly StoredDocument[],
): readonly KnownField[] {
  const found = new Map(known.map((field) => [`${field.type} ${field.name}`, field]));
  for (const { fields } of rows) {
    for (const [name, value] of Object.entries(fields)) {
      if (value === null) continue;
      const type = typeof value as KnownField["type"];
      const key = `${type} ${name}`;
      if (found.has(key)) continue;
      if (found.size === mostFields) {
        throw new DataError(`the documents of these groups have more than ${mostFields} different fields`, {
          column: name,
        });
      }
      found.set(key, { name, type, column: `f${found.size}` });
    }
  }
  return [...found.values()];
}
