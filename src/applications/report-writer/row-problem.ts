import { isNumber } from "./claim-problem.ts";
import type { Piece } from "./reference.ts";
import { cellText, type ReportResult } from "./result.ts";

/** A label that is named, or a number that is referred to; its place in the sentence is its place in a list of these. */
type Mention = { column: number; label: string } | { row: number };

/**
 * What is wrong with the rows that a sentence speaks of. Each number must stand with the labels of its row: either all
 * numbers after their labels (`tweets are 126 rows, emails 74`) or all before them; and no label may be named whose row
 * has no number there. Labels are named by reference, or in words where `inWords`.
 */
export function rowProblem(
  pieces: readonly Piece[],
  results: readonly ReportResult[],
  inWords: boolean,
): string | undefined {
  for (const result of results) {
    const numbers = pieces.filter(isNumber).filter((piece) => piece.result === result.id);
    const width = result.columns.filter(({ measure }) => measure === undefined).length;
    if (width === 0 || numbers.length === 0) continue;
    const labels = (row: number) => result.rows[row]!.slice(0, width) as (string | null)[];
    const told = (row: number) =>
      labels(row)
        .map((label) => `"${cellText(label, { unit: "" })}"`)
        .join(", ");
    const nameless = numbers.find(({ row }) => labels(row).includes(null));
    if (nameless)
      return `row r${nameless.row + 1} of ${result.id} has no label, so that its numbers cannot be told of`;
    const mentions = mentionsOf(pieces, result, width, inWords);
    const stands = (places: readonly Mention[]) =>
      places.every(
        (mention, place) => !("row" in mention) || isNamed(labels(mention.row), places.slice(0, place)),
      );
    if (!stands(mentions) && !stands([...mentions].reverse())) {
      const rows = [...new Set(numbers.map(({ row }) => row))];
      return `expected every number beside the labels of its row: ${rows
        .map((row) => `numbers of r${row + 1} of ${result.id} beside ${told(row)}`)
        .join("; ")}`;
    }
    const spoken = new Set(numbers.flatMap(({ row }) => labels(row)));
    const odd = mentions.find((mention) => "label" in mention && !spoken.has(mention.label));
    if (odd && "label" in odd)
      return `"${cellText(odd.label, { unit: "" })}" is named without a number of its row in ${result.id}`;
  }
  return undefined;
}

/** Whether the labels are, column by column, those named last. */
function isNamed(labels: readonly (string | null)[], before: readonly Mention[]): boolean {
  return labels.every((label, column) => {
    const last = before.findLast((mention) => "label" in mention && mention.column === column);
    return last !== undefined && "label" in last && last.label === label;
  });
}

function mentionsOf(
  pieces: readonly Piece[],
  result: ReportResult,
  width: number,
  inWords: boolean,
): Mention[] {
  const columns = Array.from({ length: width }, (_, column) => [
    ...new Set(result.rows.map((cells) => cells[column]).filter((label) => typeof label === "string")),
  ]);
  return pieces.flatMap((piece): Mention[] => {
    if (typeof piece === "string") return inWords ? labelsIn(piece, columns) : [];
    if (piece.result !== result.id || piece.row === undefined) return [];
    if (isNumber(piece)) return [{ row: piece.row }];
    return [{ column: result.columns.indexOf(piece.column), label: piece.value as string }];
  });
}

/** The labels that stand in words, in order; where one holds another, the longer. */
function labelsIn(words: string, columns: readonly (readonly string[])[]): Mention[] {
  const lower = words.toLowerCase();
  const found: { column: number; label: string; from: number; to: number }[] = [];
  for (const [column, labels] of columns.entries())
    for (const label of labels)
      for (const from of placesOf(label.trim().toLowerCase(), lower))
        found.push({ column, label, from, to: from + label.trim().length });
  return found
    .filter(
      (one) =>
        !found.some((by) => by.from <= one.from && by.to >= one.to && by.to - by.from > one.to - one.from),
    )
    .sort((a, b) => a.from - b.from);
}

/** Where `sought` stands in a text as words of their own. */
function placesOf(sought: string, text: string): number[] {
  const places: number[] = [];
  if (sought === "") return places;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) {
    const [before, after] = [text[at - 1] ?? " ", text[at + sought.length] ?? " "];
    if (!/[\p{L}\p{N}]/u.test(before) && !/[\p{L}\p{N}]/u.test(after)) places.push(at);
  }
  return places;
}
