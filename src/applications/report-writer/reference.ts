import { cellText, type ReportResult, type ResultColumn } from "./result.ts";

/** A cell of a result, or a column's title, that a sentence refers to, found and checked. */
export interface CellReference {
  /** The result's id: `all`, `a1` …. */
  result: string;
  /** The row's place, from 0; undefined where the column's title is meant. */
  row: number | undefined;
  column: ResultColumn;
  value: string | number;
  /** The value with its unit, as the sentence reads. */
  text: string;
}

/** Words of a sentence, or a cell of a result. */
export type Piece = string | CellReference;

/**
 * A reference as sentences write it: `{{a1.r2.count|rows}}` is the column `count` of the second row of `a1`, whose unit is
 * `rows`. Labels, and numbers that have no unit, stand without one: `{{a1.r2.channel}}`. `{{a1.title.count}}` is what the
 * column holds, in words.
 */
export function referenceTo(result: ReportResult, row: number, column: ResultColumn): string {
  return `{{${result.id}.r${row + 1}.${column.name}${column.unit === "" ? "" : `|${column.unit}`}}}`;
}

/** A reference to what a column holds, in words. */
export function referenceToTitle(result: ReportResult, column: ResultColumn): string {
  return `{{${result.id}.title.${column.name}}}`;
}

const pattern = /\{\{([^{}]*)\}\}/g;

/**
 * A sentence's words and references in order; a text where one of its references is wrong: what was found, and what was
 * expected of result, row, column or unit.
 */
export function readReferences(sentence: string, results: readonly ReportResult[]): Piece[] | string {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of sentence.matchAll(pattern)) {
    const found = resolve(match[1]!, results);
    if (typeof found === "string") return `{{${match[1]!.slice(0, 60)}}}: ${found}`;
    if (match.index > end) pieces.push(sentence.slice(end, match.index));
    pieces.push(found);
    end = match.index + match[0].length;
  }
  if (end < sentence.length) pieces.push(sentence.slice(end));
  return pieces.some((piece) => typeof piece === "string" && /[{}]/.test(piece))
    ? "a brace that belongs to no reference; expected {{result.row.column|unit}}"
    : pieces;
}

function resolve(inner: string, results: readonly ReportResult[]): CellReference | string {
  const match = /^\s*(\w+)\.(?:r(\d{1,4})|title)\.([^|]+)(?:\|(.*))?$/.exec(inner);
  if (!match) return "expected the form {{result.row.column|unit}}, such as {{a1.r1.count|rows}}";
  const [, id, row, name, unit = ""] = match as unknown as [
    string,
    string,
    string | undefined,
    string,
    string?,
  ];
  const result = results.find((each) => each.id === id);
  if (!result) return `there is no result "${id}"; expected ${results.map((each) => each.id).join(", ")}`;
  const place = result.columns.findIndex(
    (column) => column.name === name || column.name.trim() === name.trim(),
  );
  const column = result.columns[place];
  if (!column) {
    const names = result.columns.map((each) => each.name).join(", ");
    return `there is no column "${name.slice(0, 40)}" in ${id}; expected ${names}`;
  }
  if (row === undefined)
    return { result: id, row: undefined, column, value: column.title, text: column.title };
  const cells = result.rows[Number(row) - 1];
  if (!cells) {
    const there = result.rows.length === 0 ? "it has none" : `expected r1 to r${result.rows.length}`;
    return `there is no row r${row} in ${id}; ${there}`;
  }
  if (unit.trim() !== column.unit.trim()) {
    const found = unit === "" ? "no unit" : `the unit "${unit.slice(0, 20)}"`;
    return `found ${found}, expected ${column.unit === "" ? "none" : `"${column.unit}"`}`;
  }
  const value = cells[place]!;
  if (value === null) return "there is no value in this cell";
  return { result: result.id, row: Number(row) - 1, column, value, text: cellText(value, column) };
}
