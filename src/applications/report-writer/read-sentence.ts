import { claimProblem, isNumber } from "./claim-problem.ts";
import { numberIn } from "./number-in.ts";
import { type Piece, readReferences } from "./reference.ts";
import type { ReportResult } from "./result.ts";
import { rowProblem } from "./row-problem.ts";

/** A sentence that may stand in a report. */
export interface ReportSentence {
  /** Words, none of which is a number, and the cells it refers to. */
  pieces: readonly Piece[];
  /** Who wrote it: a model, or one of the forms that come with lmframe. */
  by: "model" | "form";
}

const longest = 600;

/**
 * Reads a sentence with references. It may stand in a report where each reference finds a cell by row, column and unit,
 * every number in it is such a cell, each cell's row is named beside it and no other is, and what it claims of the numbers
 * holds. Else the reason why not, to be shown to who wrote it.
 */
export function readSentence(
  written: string,
  results: readonly ReportResult[],
  by: ReportSentence["by"],
): ReportSentence | string {
  const pieces = readReferences(written.trim(), results);
  if (typeof pieces === "string") return pieces;
  // Names of columns stand in references: what is asked of words is not asked of them.
  const words = pieces.filter((piece) => typeof piece === "string").join(" ");
  if (words.length > longest) return `found ${words.length} characters, expected at most ${longest}`;
  if (/[\n\r\u2028\u2029]/.test(words)) return "found several lines, expected one sentence";
  if (/https?:|www\.|\]\(|<[a-z!/]/i.test(words)) return "found a link or markup, expected plain words";
  for (const piece of pieces) {
    const number = typeof piece === "string" ? numberIn(piece) : undefined;
    if (number !== undefined)
      return `found "${number}" written out; every number must be a reference such as {{a1.r1.count|rows}}`;
  }
  if (!pieces.some(isNumber)) return "refers to no computed number; expected at least one reference to one";
  const problem = rowProblem(pieces, results, by === "model") ?? claimProblem(pieces);
  return problem ?? { pieces, by };
}

/** The sentence as it reads. */
export function sentenceText({ pieces }: ReportSentence): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : piece.text)).join("");
}

/** How many numbers a sentence holds; each is a cell of a result. */
export function numbersOf({ pieces }: ReportSentence): number {
  return pieces.filter(isNumber).length;
}
