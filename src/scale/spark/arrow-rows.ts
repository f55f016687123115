import type { Data, Schema, Table } from "apache-arrow";
import { DataError } from "../../core/index.ts";
import { arrow } from "../../data/arrow.ts";
import { buildVector } from "../../data/columns/build.ts";
import { Column } from "../../data/columns/column.ts";
import { kindOfField } from "../../data/columns/read.ts";
import { Dataset } from "../../data/index.ts";

/** Rows of one message: some megabytes of text at most in all but odd tables. */
const rowsAtOnce = 10_000;

/**
 * A table as streams of Arrow's IPC format, some thousands of rows each, all of one schema, in types that Spark takes:
 * no dictionaries, times to the microsecond, mixed nested values as JSON text. A table without rows gives one stream.
 */
export function* arrowStreams(dataset: Dataset<object>): Generator<Uint8Array, void> {
  const { RecordBatch, Schema, Field, Struct, Table, makeData, tableToIPC } = arrow();
  const kinds = dataset.table.schema.fields.map((field) => [field.name, kindOfField(field)] as const);
  for (let start = 0; start === 0 || start < dataset.length; start += rowsAtOnce) {
    const rows = dataset.slice(start, start + rowsAtOnce);
    const children = kinds.map(([name, kind]) =>
      inMicroseconds(buildVector(rows.column(name as never), kind, true).data[0] as Data),
    );
    const fields = kinds.map(([name], at) => new Field(name, children[at]!.type, true));
    const schema = new Schema(fields);
    const data = makeData({ type: new Struct(fields), length: rows.length, children });
    yield tableToIPC(new Table(schema, [new RecordBatch(schema, data)]), "stream");
  }
}

/** Spark's times are in microseconds, ours in milliseconds. */
function inMicroseconds(data: Data): Data {
  const { TimestampMicrosecond, makeData, List, Struct, Field, DataType } = arrow();
  const { length, nullCount, nullBitmap, type } = data;
  const shared = { length, nullCount, nullBitmap };
  if (DataType.isTimestamp(type)) {
    const values = (data.values as BigInt64Array).map((milliseconds) => milliseconds * 1000n);
    return makeData({ ...shared, type: new TimestampMicrosecond("UTC"), data: values });
  }
  if (DataType.isList(type)) {
    const child = inMicroseconds(data.children[0]!);
    const field = new Field("element", child.type, true);
    return makeData({
      ...shared,
      type: new List(field),
      valueOffsets: data.valueOffsets as Int32Array,
      child,
    });
  }
  if (DataType.isStruct(type)) {
    const children = data.children.map(inMicroseconds);
    const fields = (type.children as readonly { name: string }[]).map(
      ({ name }, at) => new Field(name, children[at]!.type, true),
    );
    return makeData({ ...shared, type: new Struct(fields), children });
  }
  return data;
}

/** The rows of one stream of Arrow's IPC format. */
export function readArrowStream(bytes: Uint8Array): Table {
  return arrow().tableFromIPC(bytes);
}

/** Tables of one schema, one after the other. */
export function joined(tables: readonly Table[]): Dataset {
  const [first] = tables;
  if (first === undefined) throw new DataError("Spark answered without a table, not even an empty one");
  const schema: Schema = first.schema;
  const batches = tables.flatMap((table) => table.batches).filter((batch) => batch.numRows > 0);
  if (batches.length > 0) return Dataset.from(new (arrow().Table)(schema, batches));
  return Dataset.ofColumns(
    new Map(schema.fields.map((field) => [field.name, Column.of([], kindOfField(field))])),
  );
}
