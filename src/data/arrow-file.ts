import { open, readFile } from "node:fs/promises";
import type { Schema } from "apache-arrow";
import { DataError } from "../core/errors.ts";
import { arrow } from "./arrow.ts";
import { type Column } from "./columns/column.ts";
import { openingError } from "./file.ts";
import { type ReadOptions, type Row, type RowBatch } from "./table-format.ts";
import { columnsOfArrow } from "./table.ts";

/** Reads an Arrow IPC file or stream (Feather version 2) without copying its values. */
export async function readArrow(path: string, { signal }: ReadOptions): Promise<Map<string, Column>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, { signal });
  } catch (error) {
    throw await openingError(error, path);
  }
  if (bytes.length === 0) throw new DataError("is empty; expected an Arrow IPC file", { file: path });
  return await decoding(path, () => columnsOfArrow(arrow().tableFromIPC(bytes)));
}

/** The rows of an Arrow file, a record batch at a time. */
export async function* scanArrow(path: string, { signal }: ReadOptions): AsyncGenerator<RowBatch, void> {
  const file = await open(path).catch(async (error: unknown) => {
    throw await openingError(error, path);
  });
  try {
    const reader = await decoding(path, async () => {
      const opened = await arrow().RecordBatchReader.from(file);
      await opened.open();
      return opened;
    });
    const schema: Schema = reader.schema;
    const names = schema.fields.map((field) => field.name);
    for (;;) {
      signal?.throwIfAborted();
      const step = await decoding(path, async () => await reader.next());
      if (step.done) break;
      const columns = columnsOfArrow(new (arrow().Table)(schema, [step.value]));
      const rows = Array.from({ length: step.value.numRows }, (_, i) => {
        const row: Row = {};
        for (const [name, { at }] of columns) row[name] = at(i);
        return row;
      });
      yield { columns: names, rows };
    }
  } finally {
    await file.close().catch(() => undefined);
  }
}

/** What Arrow says of a file that it cannot read, as an error of the data. */
async function decoding<T>(file: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof DataError) throw new DataError(cause.message, { ...cause.place, file, cause });
    const { message } = cause as Error;
    if (message.includes("codec not found")) {
      const advice =
        'its columns are compressed; expected none, as pandas writes with compression="uncompressed"';
      throw new DataError(advice, { file, cause });
    }
    throw new DataError(`is not a whole Arrow IPC file (${message})`, { file, cause });
  }
}
