import { ConfigurationError, DataError, nearest } from "../core/errors.ts";
import { type Kind, type ScalarName, scalar } from "./columns/kind.ts";
import { type Format } from "./file.ts";

/** One row: a value by column name. */
export type Row = Record<string, unknown>;

/** Rows that were read together. */
export interface RowBatch {
  /** The columns in order, where the format names them ahead of its rows. */
  columns: readonly string[] | undefined;
  rows: Row[];
}

/** Column name to the type it shall have; the types of other columns are inferred. */
export type ColumnTypes = Readonly<Record<string, ScalarName>>;

/** How a file is read. */
export interface ReadOptions {
  /** Default: by the file's extension. */
  format?: Format | undefined;
  /** Encoding of text formats, as the WHATWG Encoding Standard names it. Default `utf-8`, or the byte order mark's. */
  encoding?: string | undefined;
  /** Between the cells of CSV. Default: that of `, ; tab |` which the first line holds most often. */
  delimiter?: string | undefined;
  /** Types of columns that should not be inferred, such as `{ code: "string" }`. */
  types?: ColumnTypes | undefined;
  /** Stops reading with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The kind that the user gave for a column, if any. */
export function givenKind(types: ColumnTypes | undefined, column: string): Kind | undefined {
  if (!types || !Object.hasOwn(types, column)) return undefined;
  const name = types[column]!;
  if (Object.hasOwn(scalar, name)) return scalar[name];
  const near = nearest(name, Object.keys(scalar));
  throw new ConfigurationError(
    `types: unknown type "${name}" for column "${column}"${near ? `; did you mean "${near}"?` : ""}; ` +
      `expected ${Object.keys(scalar).join(", ")}`,
  );
}

/** The error of a column that is not there, with the one that was probably meant. */
export function unknownColumn(name: string, columns: Iterable<string>, file?: string): DataError {
  const names = [...columns];
  const near = nearest(name, names);
  const hint = near ? `; did you mean "${near}"?` : "";
  const message = `there is no such column${hint} The columns are ${names.map((each) => `"${each}"`).join(", ") || "none"}`;
  return new DataError(near ? message : message.replace(" The", "; the"), { file, column: name });
}

/** Types given for columns that are not there are typing errors, not wishes. */
export function checkTypes(types: ColumnTypes | undefined, columns: Iterable<string>, file?: string): void {
  const names = new Set(columns);
  for (const name of Object.keys(types ?? {})) if (!names.has(name)) throw unknownColumn(name, names, file);
}
