import { ConfigurationError, DataError } from "../../core/index.ts";
import { Dataset, type TableLike } from "../../data/index.ts";
import { unknownColumn } from "../../data/table-format.ts";
import { binsOf } from "./bins.ts";
import { dateParts, isoDay } from "./date-parts.ts";

/**
 * What a column of a report's table is to an analysis.
 *
 * - `label`: texts that recur, and booleans; rows are grouped by it.
 * - `period`: labels with an order of their own: parts of a date, ranges of a number.
 * - `number`: is averaged, added up, compared.
 * - `date`: a day; its parts are the `period`s.
 * - `text`: free text; it can be searched, and its words counted.
 */
export type ColumnRole = "label" | "period" | "number" | "date" | "text";

/** A column that an analysis can name: of the data, or made of one of the data's. */
export interface ReportColumn {
  name: string;
  role: ColumnRole;
  /** Of a number, such as `words` or `USD`; empty where it has none or none is known. */
  unit: string;
  /** The column it is made of: `date` of `date_month`; undefined for a column of the data itself. */
  from: string | undefined;
  /** Texts or numbers, one a row; null where a value is missing. */
  values: readonly (string | number | null)[];
  /** The different values of a `label` or `period`, most frequent first or in their order; those of others are none. */
  labels: readonly string[];
}

/** Units of numbers by column, such as `{ price: "USD" }`. */
export type Units = Readonly<Record<string, string>>;

/** More different texts than one for two rows are no labels: a group of one row says nothing of groups. */
const rowsPerLabel = 2;
/** What is longer than this on average is prose, which recurs by chance or by copying. */
const labelLength = 60;
/** A number of as few different values as a rating has can be grouped by, like a label. */
const ratingValues = 12;

/**
 * A table as the report writer reads it: the data's columns, and those made of dates, numbers and texts. Left out are
 * lists, records and bytes, and columns with a brace, a bar or a control character in their name.
 */
export class ReportTable {
  /** How many rows there are; at least one. */
  readonly length: number;
  /** What the table is called. */
  readonly name: string;
  readonly columns: ReadonlyMap<string, ReportColumn>;

  /**
   * Throws DataError for a table without rows and for `units` of a column that is not there, ConfigurationError for a
   * table without a column to analyse and for a unit that no reference could name.
   */
  constructor(source: TableLike, units: Units = {}) {
    const data = Dataset.from(source);
    if (data.length === 0)
      throw new DataError("has no rows; there is nothing to report", { file: data.source });
    for (const [name, unit] of Object.entries(units)) {
      if (!data.columns.includes(name)) throw unknownColumn(name, data.columns);
      if (!/^[^{}|\p{Cc}]{1,20}$/u.test(unit))
        throw new ConfigurationError(
          `invalid unit of ${name}: "${unit}"; expected 1 to 20 characters without { } |`,
        );
    }
    this.length = data.length;
    this.name = data.name ?? "the table";
    const columns = new Map<string, ReportColumn>();
    for (const { name, type } of data.schema) {
      if (/[{}|\p{Cc}]/u.test(name)) continue; // no reference could name it
      const column = readColumn(
        name,
        type,
        data.column(name),
        Object.hasOwn(units, name) ? units[name]! : "",
      );
      if (column) columns.set(name, column);
    }
    for (const column of [...columns.values()]) {
      // A column of the data comes before one made of another that would have its name.
      for (const made of madeOf(column)) if (!columns.has(made.name)) columns.set(made.name, made);
    }
    if (columns.size === 0) {
      throw new ConfigurationError(
        `found no column to analyse among ${data.columns.join(", ")}; expected text, numbers, dates or booleans`,
      );
    }
    this.columns = columns;
  }

  /** Throws DataError, with the nearest name, for a column that is not there. */
  column(name: string): ReportColumn {
    const column = this.columns.get(name);
    if (!column) throw unknownColumn(name, this.columns.keys());
    return column;
  }
}

/** True for a column that rows can be grouped by. */
export function isGroupable({ role, labels }: ReportColumn): boolean {
  return role === "label" || role === "period" || (role === "number" && labels.length > 0);
}

function readColumn(
  name: string,
  type: string,
  raw: readonly unknown[],
  unit: string,
): ReportColumn | undefined {
  const made = (role: ColumnRole, values: ReportColumn["values"], labels: readonly string[] = []) => ({
    name,
    role,
    unit,
    from: undefined,
    values,
    labels,
  });
  switch (type) {
    case "integer":
    case "number": {
      const values = raw.map((value) => (Number.isFinite(value) ? (value as number) : null));
      const different = [...new Set(values.filter((value) => value !== null))].sort((a, b) => a - b);
      return made("number", values, different.length <= ratingValues ? different.map(String) : []);
    }
    case "boolean": {
      const values = raw.map((value) => (value === null ? null : value === true ? "true" : "false"));
      return made("label", values, byFrequency(values));
    }
    case "timestamp":
      return made(
        "date",
        raw.map((value) => (value instanceof Date ? isoDay(value) : null)),
      );
    case "string": {
      const values = raw as (string | null)[];
      const days = values.map((value) => (value === null ? null : isoDay(value)));
      if (days.some((day) => day !== null) && days.every((day, row) => day !== null || values[row] === null))
        return made("date", days);
      const labels = byFrequency(values);
      const recurs = labels.length * rowsPerLabel <= values.length;
      const short = labels.reduce((sum, label) => sum + label.length, 0) <= labels.length * labelLength;
      return recurs && short ? made("label", values, labels) : made("text", values);
    }
    default:
      return undefined;
  }
}

/** The columns made of one: parts of a date, ranges of a number, the words of a text and their ranges. */
function madeOf(column: ReportColumn): ReportColumn[] {
  switch (column.role) {
    case "date":
      return dateParts(column);
    case "number":
      return binsOf(column);
    case "text": {
      const words: ReportColumn = {
        name: `${column.name}_words`,
        role: "number",
        unit: "words",
        from: column.name,
        values: column.values.map((text) =>
          text === null ? null : (String(text).match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []).length,
        ),
        labels: [],
      };
      return [words, ...binsOf(words)];
    }
    default:
      return [];
  }
}

function byFrequency(values: readonly (string | null)[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
}
