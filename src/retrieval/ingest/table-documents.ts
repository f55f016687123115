import { DataError, nearest } from "../../core/index.ts";
import { Dataset, type TableLike } from "../../data/index.ts";
import type { Document } from "../document.ts";
import { type Identity, identityOf, rowNamer } from "./identity.ts";

/** Which columns of a table are what. */
export interface TableOptions {
  /** The column that is searched. Default: `text`, else the only column of texts. */
  readonly text?: string | undefined;
  /** The column that names the rows. Default: see {@link TableDocuments.identity}. */
  readonly id?: string | undefined;
}

/** The rows of a table as documents, each with its other columns as fields. Rows without a text are left out. */
export interface TableDocuments extends Iterable<Document> {
  /**
   * What names the rows: the `id` column; else a column without missing or repeated values, one named like an id
   * first; else a hash of the whole row, so that a changed row is a new document.
   */
  readonly identity: Identity;
  /** Rows that have no text. */
  readonly empty: number;
}

/**
 * Makes a document of each row: `tableDocuments(logbook, { text: "problem" })`. `file` names the table as the source.
 *
 * @throws DataError for a column that is not there, or an id that comes twice.
 */
export function tableDocuments(table: TableLike, options: TableOptions = {}, file?: string): TableDocuments {
  const data = Dataset.from(table);
  const text = textColumn(data, options.text, file);
  const identity = identityOf(data, text, options.id);
  const texts = data.column(text).map((value) => String(fieldOf(value) ?? ""));
  return {
    identity,
    empty: texts.filter(isEmpty).length,
    *[Symbol.iterator]() {
      const name = rowNamer(identity);
      let place = 0;
      for (const row of data) {
        const content = texts[place++]!;
        if (isEmpty(content)) continue;
        const fields = Object.entries(row).filter(([column]) => column !== text);
        yield {
          id: name(row),
          text: content,
          source: { ...(file !== undefined && { file }), row: place },
          fields: Object.fromEntries(fields.map(([column, value]) => [column, fieldOf(value)])),
        };
      }
    },
  };
}

function isEmpty(text: string): boolean {
  return text.trim() === "";
}

function textColumn(data: Dataset, given: string | undefined, file: string | undefined): string {
  const { columns } = data;
  const shown = columns.map((name) => `"${name}"`).join(", ");
  if (given !== undefined) {
    if (columns.includes(given)) return given;
    const near = nearest(given, columns);
    const hint = near === undefined ? "" : `did you mean "${near}"? `;
    throw new DataError(`there is no such column; ${hint}The columns are ${shown}`, { file, column: given });
  }
  const texts = data.schema.filter(({ type }) => type === "string").map(({ name }) => name);
  const found = texts.includes("text") ? "text" : texts.length === 1 ? texts[0] : undefined;
  if (found !== undefined) return found;
  throw new DataError(`which column holds the text to search? Name it (text); the columns are ${shown}`, {
    file,
  });
}

/** A value as a filter can compare it: dates as ISO 8601, lists and records as JSON. */
function fieldOf(value: unknown): string | number | boolean | null {
  if (value instanceof Date) return value.toISOString();
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return value instanceof Uint8Array ? null : JSON.stringify(value);
}
