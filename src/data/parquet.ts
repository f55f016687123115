import { stat } from "node:fs/promises";
import type { FileMetaData, SchemaElement } from "hyparquet";
import { DataError } from "../core/errors.ts";
import { Column } from "./columns/column.ts";
import { type Kind, inferKind, merge, scalar } from "./columns/kind.ts";
import { openingError } from "./file.ts";
import { columnOf } from "./table.ts";
import { type ReadOptions, type Row, type RowBatch, checkTypes, givenKind } from "./table-format.ts";

const batchRows = 4096;

/** Reads a Parquet file of any of the format's compressions. */
export async function readParquet(path: string, options: ReadOptions): Promise<Map<string, Column>> {
  const { names, groups, metadata } = await openParquet(path, options);
  const values = new Map<string, unknown[]>(names.map((name) => [name, []]));
  for await (const group of groups()) {
    for (const [name, chunk] of group.columns) {
      const list = values.get(name)!;
      for (const value of Array.from(chunk)) list.push(value);
    }
  }
  checkTypes(options.types, names, path);
  const columns = new Map<string, Column>();
  for (const [name, list] of values) {
    const locate = (index: number) => ({ file: path, row: index + 1 });
    const given = givenKind(options.types, name);
    if (given) columns.set(name, columnOf(name, list, given, locate));
    else columns.set(name, Column.of(list, storedKind(metadata, name, inferKind(list, name, locate))));
  }
  return columns;
}

/** The rows of a Parquet file, with memory for one row group. */
export async function* scanParquet(path: string, options: ReadOptions): AsyncGenerator<RowBatch, void> {
  const { names, groups } = await openParquet(path, options);
  for await (const { columns, length } of groups()) {
    for (let start = 0; start < length; start += batchRows) {
      const rows: Row[] = [];
      for (let i = start; i < Math.min(length, start + batchRows); i++) {
        const row: Row = {};
        for (const name of names) row[name] = plain(columns.get(name)![i]);
        rows.push(row);
      }
      yield { columns: names, rows };
    }
  }
}

/** A value as a row holds it: no `undefined`, and no bigint, which JSON and arithmetic with numbers refuse. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  const isRecord =
    value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
  return isRecord
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
    : value;
}

async function openParquet(path: string, { signal }: ReadOptions) {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetScan }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const { size } = await stat(path).catch(async (error: unknown) => {
    throw await openingError(error, path);
  });
  if (size === 0) throw new DataError("is empty; expected a Parquet file", { file: path });
  const file = await asyncBufferFromFile(path);
  const metadata = await decoding(path, () => parquetMetadataAsync(file));
  const names = topLevel(metadata).map(({ name }) => name);
  refuseInexact(metadata, path);

  async function* groups() {
    // Bytes without a text annotation stay bytes: decoding them as text would lose what is not UTF-8.
    const scan = await decoding(path, () => parquetScan({ file, metadata, compressors, utf8: false }));
    for (const range of scan.ranges) {
      signal?.throwIfAborted();
      const columns = new Map<string, ArrayLike<unknown>>();
      for (const column of names) {
        const chunk = await decoding(path, () => scan.readColumn({ column, ...range }), column);
        const places = decimalPlaces(metadata, column);
        columns.set(
          column,
          places === undefined ? chunk : Array.from(chunk, (value) => rounded(value, places)),
        );
      }
      yield { columns, length: range.rowEnd - range.rowStart };
    }
  }
  return { names, groups, metadata };
}

/** What hyparquet says of a file that it cannot read, as an error of the data. */
async function decoding<T>(file: string, read: () => Promise<T>, column?: string): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new DataError(`is not a whole Parquet file (${(cause as Error).message})`, { file, column, cause });
  }
}

/** The columns of a file, out of its schema, which lists a tree depth first. */
function topLevel({ schema }: FileMetaData): SchemaElement[] {
  const columns: SchemaElement[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) columns.push(schema[at]!);
  return columns;
}

/** The kind that a column's declared type states, where it does so better than its values (all null, all whole). */
function storedKind(metadata: FileMetaData, name: string, inferred: Kind): Kind {
  const element = topLevel(metadata).find((each) => each.name === name)!;
  const declared = declaredKind(element);
  if (!declared || (declared === scalar.integer && inferred === scalar.string)) return inferred;
  return declared === scalar.json ? declared : (merge(inferred, declared) ?? inferred);
}

function declaredKind({
  type,
  converted_type,
  logical_type,
  repetition_type,
}: SchemaElement): Kind | undefined {
  if (!type || repetition_type === "REPEATED") return undefined;
  const logical = logical_type?.type;
  if (logical === "NULL") return scalar.null;
  if (converted_type === "JSON" || logical === "JSON") return scalar.json;
  if (converted_type === "UTF8" || converted_type === "ENUM" || logical === "STRING" || logical === "ENUM") {
    return scalar.string;
  }
  const isTime = converted_type?.startsWith("TIMESTAMP") ?? false;
  if (
    isTime ||
    converted_type === "DATE" ||
    logical === "TIMESTAMP" ||
    logical === "DATE" ||
    type === "INT96"
  ) {
    return scalar.timestamp;
  }
  if (converted_type === "DECIMAL" || logical === "DECIMAL" || logical === "FLOAT16") return scalar.number;
  if (type === "BOOLEAN") return scalar.boolean;
  if (type === "DOUBLE" || type === "FLOAT") return scalar.number;
  if (type === "INT32" || type === "INT64") return scalar.integer;
  return logical === undefined && converted_type === undefined ? scalar.binary : undefined;
}

/** hyparquet gives decimals as floats: exact up to 15 digits, which {@link rounded} restores, and wrong beyond. */
function refuseInexact({ schema }: FileMetaData, file: string): void {
  for (const { name, converted_type, precision } of schema) {
    if (converted_type === "DECIMAL" && (precision ?? 0) > 15) {
      const message = `decimals of ${precision} digits are more than a number holds; expected at most 15, or text`;
      throw new DataError(message, { file, column: name });
    }
  }
}

function decimalPlaces(metadata: FileMetaData, column: string): number | undefined {
  const element = topLevel(metadata).find(({ name }) => name === column);
  return element?.converted_type === "DECIMAL" ? (element.scale ?? 0) : undefined;
}

function rounded(value: unknown, places: number): unknown {
  return typeof value === "number" ? Number(value.toFixed(places)) : value;
}

/** Writes columns to a Parquet file, in row groups as they are given, compressed with Snappy. */
export async function parquetWriter(path: string, kinds: ReadonlyMap<string, Kind>) {
  const { ParquetWriter, fileWriter } = await import("hyparquet-writer");
  const schema: SchemaElement[] = [
    { name: "root", num_children: kinds.size },
    ...[...kinds].flatMap(([name, kind]) => elementsOf(name, kind)),
  ];
  const file = fileWriter(path);
  const writer = new ParquetWriter({ writer: file, schema, createdBy: "lmframe" });
  return {
    write: async (rows: readonly Row[]) => {
      const columnData = [...kinds].map(([name, kind]) => ({
        name,
        data: rows.map((row) => stored(row[name], kind)),
      }));
      await writer.write({ columnData, rowGroupSize: Math.max(1, rows.length) });
    },
    close: async () => {
      await writer.finish();
    },
  };
}

/** The schema elements of a column, depth first; lists in the format's three levels. */
function elementsOf(name: string, kind: Kind): SchemaElement[] {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  switch (kind.name) {
    case "null":
      return [{ ...optional, type: "INT32", logical_type: { type: "NULL" } }];
    case "boolean":
      return [{ ...optional, type: "BOOLEAN" }];
    case "integer":
      return [{ ...optional, type: "INT64" }];
    case "number":
      return [{ ...optional, type: "DOUBLE" }];
    case "string":
      return [{ ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" }];
    case "json":
      return [{ ...optional, type: "BYTE_ARRAY", converted_type: "JSON" }];
    case "timestamp":
      return [{ ...optional, type: "INT64", converted_type: "TIMESTAMP_MILLIS" }];
    case "binary":
      return [{ ...optional, type: "BYTE_ARRAY" }];
    case "list":
      return [
        { ...optional, converted_type: "LIST", num_children: 1 },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        ...elementsOf("element", kind.item),
      ];
    case "struct":
      return [
        { ...optional, num_children: kind.fields.size },
        ...[...kind.fields].flatMap(([field, each]) => elementsOf(field, each)),
      ];
  }
}

/** A value as the writer takes it: whole numbers of 64 bits are bigint. */
function stored(value: unknown, kind: Kind): unknown {
  if (value === null || value === undefined) return null;
  if (kind === scalar.integer) return BigInt(value as number);
  if (kind.name === "list") return (value as unknown[]).map((item) => stored(item, kind.item));
  if (kind.name === "struct") {
    const record = value as Row;
    return Object.fromEntries([...kind.fields].map(([name, field]) => [name, stored(record[name], field)]));
  }
  return value;
}
