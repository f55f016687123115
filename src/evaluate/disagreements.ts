import { ConfigurationError } from "../core/index.ts";
import type { Evaluation } from "./evaluation.ts";
import type { RowResult } from "./row-results.ts";

/** A row about which two disagree. */
export interface Disagreement {
  /** Place in the dataset, from 0. */
  index: number;
  row: Readonly<Record<string, unknown>>;
  /** What the program said; undefined where its reply could not be read. */
  said: unknown;
  /** What the person, or the other program, said. */
  other: unknown;
  /** How far apart they are: the difference of two numbers, 1 for other values that differ; Infinity where one is missing. */
  gap: number;
  /** What the metric said of the program's answer. */
  feedback: string | undefined;
}

/** What {@link disagreements} looks at. */
export interface DisagreementOptions {
  /** Output, and column of the row, that is compared. Default `score`. */
  field?: string | undefined;
  /** Rows to give. Default 20. */
  limit?: number | undefined;
}

/**
 * The rows on which a program and a person (the row's column of the same name), or two programs that were evaluated on
 * the same rows, are farthest apart: the farthest first. Rows on which they agree, and outages, are left out.
 *
 * Throws ConfigurationError where the evaluations are of different rows.
 */
export function disagreements(
  evaluation: Evaluation,
  other?: Evaluation,
  { field = "score", limit = 20 }: DisagreementOptions = {},
): Disagreement[] {
  if (other && other.subject.dataset.digest !== evaluation.subject.dataset.digest) {
    throw new ConfigurationError("the evaluations are of different rows; evaluate both on the same Dataset");
  }
  const others = other && [...other.rows];
  return [...evaluation.rows]
    .flatMap((result, place): Disagreement[] => {
      const against = others?.[place];
      if (result.status === "outage" || against?.status === "outage") return [];
      const said = given(result, field);
      const theirs = others ? against && given(against, field) : result.row[field];
      const { index, row, feedback } = result;
      return [{ index, row, said, other: theirs, gap: gapOf(said, theirs), feedback }];
    })
    .filter(({ gap }) => gap > 0)
    .sort((a, b) => b.gap - a.gap || a.index - b.index)
    .slice(0, limit);
}

function given({ status, outputs }: RowResult, field: string): unknown {
  return status === "scored" ? outputs?.[field] : undefined;
}

function gapOf(one: unknown, other: unknown): number {
  if (one === undefined || one === null || other === undefined || other === null) return Infinity;
  const gap = Math.abs(Number(one) - Number(other));
  return Number.isNaN(gap) ? Number(JSON.stringify(one) !== JSON.stringify(other)) : gap;
}
