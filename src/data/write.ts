import { open } from "node:fs/promises";
import type { Data } from "apache-arrow";
import { DataError } from "../core/errors.ts";
import { arrow } from "./arrow.ts";
import { csvLine } from "./csv.ts";
import { buildVector, arrowType } from "./columns/build.ts";
import { jsonValue } from "./columns/coerce.ts";
import { type Kind, scalar } from "./columns/kind.ts";
import { jsonExtension } from "./columns/read.ts";
import { type Format } from "./file.ts";
import { parquetWriter } from "./parquet.ts";
import { type Row } from "./table-format.ts";

/** Writes rows to a file as they come. */
export interface RowWriter {
  write(rows: readonly Row[]): void | Promise<void>;
  close(): void | Promise<void>;
}

/** The writer of a format for columns whose kinds are known. */
export async function openWriter(
  format: Format,
  path: string,
  kinds: ReadonlyMap<string, Kind>,
): Promise<RowWriter> {
  switch (format) {
    case "csv":
    case "tsv":
      return await csvWriter(path, [...kinds.keys()], format === "csv" ? "," : "\t");
    case "json":
      return await jsonWriter(path);
    case "jsonl":
      return await jsonLinesWriter(path);
    case "parquet":
      return await parquetWriter(path, kinds);
    case "arrow":
      return await arrowWriter(path, kinds);
  }
}

async function csvWriter(path: string, columns: readonly string[], delimiter: string): Promise<RowWriter> {
  const file = await open(path, "w");
  const known = new Set(columns);
  let row = 0;
  await file.write(csvLine(columns, delimiter));
  return {
    write: async (rows) => {
      const lines = rows.map((each) => {
        row++;
        const odd = Object.keys(each).find((name) => !known.has(name));
        if (odd !== undefined) {
          const message =
            "comes after the first rows, which decide the columns of CSV; give every row the same fields";
          throw new DataError(message, { row, column: odd });
        }
        return csvLine(
          columns.map((name) => each[name]),
          delimiter,
        );
      });
      await file.write(lines.join(""));
    },
    close: () => file.close(),
  };
}

async function jsonLinesWriter(path: string): Promise<RowWriter> {
  const file = await open(path, "w");
  return {
    write: async (rows) => {
      await file.write(rows.map((row) => `${JSON.stringify(row, jsonValue)}\n`).join(""));
    },
    close: () => file.close(),
  };
}

async function jsonWriter(path: string): Promise<RowWriter> {
  const file = await open(path, "w");
  let between = "";
  await file.write("[\n");
  return {
    write: async (rows) => {
      const texts = rows.map((row) => JSON.stringify(row, jsonValue));
      if (texts.length > 0) await file.write(between + texts.join(",\n"));
      if (texts.length > 0) between = ",\n";
    },
    close: async () => {
      await file.write("\n]\n");
      await file.close();
    },
  };
}

/** Record batches of one schema, written as they come. */
async function arrowWriter(path: string, kinds: ReadonlyMap<string, Kind>): Promise<RowWriter> {
  const { Field, RecordBatch, RecordBatchFileWriter, Schema, Struct, makeData } = arrow();
  const fields = [...kinds].map(
    ([name, kind]) =>
      new Field(name, arrowType(kind), true, kind === scalar.json ? new Map([jsonExtension]) : null),
  );
  const schema = new Schema(fields);
  const writer = new RecordBatchFileWriter();
  const file = await open(path, "w");
  const written = (async () => {
    for await (const chunk of writer) await file.write(chunk);
  })();
  written.catch(() => undefined);
  writer.reset(undefined, schema);
  return {
    write: (rows) => {
      const children = [...kinds].map(
        ([name, kind]) =>
          buildVector(
            rows.map((row) => row[name]),
            kind,
            true,
          ).data[0] as Data,
      );
      const data = makeData({ type: new Struct(fields), length: rows.length, children });
      writer.write(new RecordBatch(schema, data));
    },
    close: async () => {
      writer.finish();
      writer.close();
      await written;
      await file.close();
    },
  };
}
