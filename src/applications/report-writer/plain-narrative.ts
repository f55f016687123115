import { referenceTo, referenceToTitle } from "./reference.ts";
import type { ReportResult, ResultColumn } from "./result.ts";

/**
 * Sentences about each result in forms of our own, with references for all that was computed: the highest and the lowest
 * group, those that come next, the beginning and the end of a period. They are read like those of a model.
 */
export function plainNarrative(results: readonly ReportResult[]): string[] {
  const [all, ...answers] = results;
  return [...answers.flatMap(about), ...(all ? [whole(all)] : [])];
}

function whole(result: ReportResult): string {
  return `The table holds ${referenceTo(result, 0, result.columns[0]!)}.`;
}

function about(result: ReportResult): string[] {
  const labels = result.columns.filter(({ measure }) => measure === undefined);
  const measures = result.columns.filter(({ measure }) => measure !== undefined);
  // Rows without a label cannot be told of; those without a number have nothing to tell.
  const told = result.rows.flatMap((cells, row) =>
    cells.slice(0, labels.length).includes(null) || cells[labels.length] === null ? [] : [row],
  );
  if (told.length === 0) return [];
  const form = new Forms(result, labels, measures);
  if (labels.length === 0) return [form.alone()];
  const [first, last] = [told[0]!, told.at(-1)!];
  const [high, low] = form.extremes(told);
  const sentences: string[] = [];
  const byMeasure = isOrdered(result, labels.length, told);
  const [lead, closing] = byMeasure === "up" ? [low, high] : [high, low];
  if (lead !== undefined) sentences.push(form.extreme(lead, lead === high ? "highest" : "lowest"));
  if (byMeasure !== undefined) {
    const next = told.filter((row) => row !== lead).slice(0, 2);
    if (next.length > 0 && lead !== undefined) sentences.push(form.next(next));
    if (closing !== undefined && closing !== lead && !next.includes(closing))
      sentences.push(form.extreme(closing, closing === high ? "highest" : "lowest"));
  } else {
    if (closing !== undefined && closing !== lead) sentences.push(form.extreme(closing, "lowest"));
    if (measures[0]!.inTime && labels.length === 1) sentences.push(form.fromTo(first, last));
  }
  return sentences;
}

/** Whether the rows stand in the order of their first measure, and in which. */
function isOrdered(result: ReportResult, place: number, rows: readonly number[]): "up" | "down" | undefined {
  const values = rows.map((row) => result.rows[row]![place] as number);
  if (values.every((value, index) => index === 0 || value <= values[index - 1]!)) return "down";
  if (values.every((value, index) => index === 0 || value >= values[index - 1]!)) return "up";
  return undefined;
}

class Forms {
  readonly #result: ReportResult;
  readonly #labels: readonly ResultColumn[];
  readonly #measures: readonly ResultColumn[];

  constructor(result: ReportResult, labels: readonly ResultColumn[], measures: readonly ResultColumn[]) {
    this.#result = result;
    this.#labels = labels;
    this.#measures = measures;
  }

  /** All measures of the one group that there is. */
  alone(): string {
    const present = this.#measures.filter((column) => this.#value(0, column) !== null);
    return `The ${present.map((column) => `${this.#title(column)} is ${this.#cell(0, column)}`).join(", the ")}.`;
  }

  /** The rows that hold the highest and the lowest of the first measure; undefined where they were cut off. */
  extremes(rows: readonly number[]): [number | undefined, number | undefined] {
    const [column] = this.#measures;
    const { low, high } = column!.extent!;
    const of = (value: number) => rows.find((row) => this.#value(row, column!) === value);
    return [of(high), of(low)];
  }

  extreme(row: number, which: "highest" | "lowest"): string {
    const [column, ...others] = this.#measures;
    const beside = others
      .filter((other) => this.#value(row, other) !== null)
      .map((other) => `${this.#title(other)} ${this.#cell(row, other)}`);
    const more = beside.length > 0 ? ` (${beside.join(", ")})` : "";
    const { atLow, atHigh } = column!.extent!;
    const has = (which === "highest" ? atHigh : atLow) > 1 ? "is among those with" : "has";
    return `${this.#name(row)} ${has} the ${which} ${this.#title(column!)}: ${this.#cell(row, column!)}${more}.`;
  }

  next(rows: readonly number[]): string {
    return `Next come ${rows.map((row) => `${this.#name(row)} with ${this.#cell(row, this.#measures[0]!)}`).join(" and ")}.`;
  }

  fromTo(first: number, last: number): string {
    const [column] = this.#measures;
    return (
      `At the start, ${this.#name(first)}, it is ${this.#cell(first, column!)}; ` +
      `at the end, ${this.#name(last)}, ${this.#cell(last, column!)}.`
    );
  }

  #value(row: number, column: ResultColumn): string | number | null {
    return this.#result.rows[row]![this.#result.columns.indexOf(column)]!;
  }

  #cell(row: number, column: ResultColumn): string {
    return referenceTo(this.#result, row, column);
  }

  #title(column: ResultColumn): string {
    return referenceToTitle(this.#result, column);
  }

  #name(row: number): string {
    return this.#labels.map((column) => `“${this.#cell(row, column)}”`).join(" · ");
  }
}
