import { readArrow, scanArrow } from "./arrow-file.ts";
import { type Column } from "./columns/column.ts";
import { readCsv, scanCsv } from "./csv.ts";
import { type Format, formatOf } from "./file.ts";
import { readJson, readJsonLines, scanJson, scanJsonLines } from "./json.ts";
import { readParquet, scanParquet } from "./parquet.ts";
import { type ReadOptions, type RowBatch } from "./table-format.ts";

type Reader = (path: string, options: ReadOptions) => Promise<Map<string, Column>>;
type Scanner = (path: string, options: ReadOptions) => AsyncGenerator<RowBatch, void>;

const readers: Readonly<Record<Format, { read: Reader; scan: Scanner }>> = {
  csv: { read: readCsv, scan: scanCsv },
  tsv: { read: readCsv, scan: scanCsv },
  json: { read: readJson, scan: scanJson },
  jsonl: { read: readJsonLines, scan: scanJsonLines },
  parquet: { read: readParquet, scan: scanParquet },
  arrow: { read: readArrow, scan: scanArrow },
};

/** The columns of a file. */
export function readColumns(path: string, options: ReadOptions): Promise<Map<string, Column>> {
  const format = options.format ?? formatOf(path);
  return readers[format].read(path, { ...options, format });
}

/** The rows of a file, in batches. */
export function scanRows(path: string, options: ReadOptions): AsyncGenerator<RowBatch, void> {
  const format = options.format ?? formatOf(path);
  return readers[format].scan(path, { ...options, format });
}
