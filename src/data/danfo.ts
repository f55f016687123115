import { createRequire } from "node:module";
import type { DataFrame } from "danfojs";
import { type Column } from "./columns/column.ts";
import { scalar } from "./columns/kind.ts";
import { type ColumnTypes } from "./table-format.ts";
import { columnsOfValues } from "./table.ts";

/** A DataFrame of danfojs, of whichever copy. */
export interface FrameLike {
  readonly columns: string[];
  readonly values: unknown;
  readonly $columns: string[];
}

/** True for a DataFrame of danfojs, of any copy of it. */
export function isFrame(source: object): source is FrameLike {
  return "$columns" in source && "values" in source && Array.isArray((source as FrameLike).$columns);
}

/** The columns of a DataFrame. NaN is how danfojs says that a value is missing. */
export function columnsOfFrame(frame: FrameLike, types?: ColumnTypes): Map<string, Column> {
  const rows = frame.values as unknown[][];
  return columnsOfValues(
    frame.columns.map(
      (name, c) => [name, rows.map((row) => (Number.isNaN(row[c]) ? null : row[c]))] as const,
    ),
    types,
  );
}

/**
 * A DataFrame of columns. Types are stated, because danfojs would infer them from the first row alone; missing
 * numbers are NaN, which its arithmetic skips.
 */
export function frameOf(columns: ReadonlyMap<string, Column>, length: number): DataFrame {
  const danfo = createRequire(import.meta.url)("danfojs") as typeof import("danfojs");
  const all = [...columns.values()];
  const numeric = all.map(({ kind }) => kind === scalar.number || kind === scalar.integer);
  const values = Array.from({ length }, (_, row) =>
    all.map(({ at }, c) => at(row) ?? (numeric[c] ? NaN : null)),
  );
  return new danfo.DataFrame(values, { columns: [...columns.keys()], dtypes: all.map(frameType) });
}

/** danfojs has 32-bit names for its types and keeps 64-bit numbers under them. */
function frameType({ kind, nulls }: Column): string {
  if (kind === scalar.boolean) return "boolean";
  if (kind === scalar.integer && nulls === 0) return "int32";
  return kind === scalar.integer || kind === scalar.number ? "float32" : "string";
}
