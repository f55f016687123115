import { ConfigurationError } from "../core/index.ts";
import { columnOf, type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";

/** A question and what became of it. */
export interface Abstention {
  /** True where the documents hold the answer. */
  answerable: boolean;
  /** False where the program refused. */
  answered: boolean;
}

/** How well a program knows what it cannot answer. Shares are NaN where there is nothing to share. */
export interface AbstentionFigures {
  /** Answerable questions that were answered; whether the answers are right is another metric's concern. */
  answeredRight: number;
  /** Answerable questions that were refused. */
  refusedWrong: number;
  /** Questions without an answer that were refused. */
  refusedRight: number;
  /** Questions without an answer that were answered all the same. */
  answeredWrong: number;
  /** Share of the answerable that was answered. */
  answerRate: number;
  /** Share of the others that was refused. */
  refusalRate: number;
  /** Mean of both rates, so that a program that always does one of the two has 0.5. */
  balanced: number;
}

/** Counts refusals, right and wrong. */
export function abstentionFigures(rows: Iterable<Abstention>): AbstentionFigures {
  const counts = { answeredRight: 0, refusedWrong: 0, refusedRight: 0, answeredWrong: 0 };
  for (const { answerable, answered } of rows) {
    if (answerable) counts[answered ? "answeredRight" : "refusedWrong"]++;
    else counts[answered ? "answeredWrong" : "refusedRight"]++;
  }
  const answerRate = counts.answeredRight / (counts.answeredRight + counts.refusedWrong);
  const refusalRate = counts.refusedRight / (counts.refusedRight + counts.answeredWrong);
  return { ...counts, answerRate, refusalRate, balanced: (answerRate + refusalRate) / 2 };
}

/**
 * Metric: 1 where a program answers what can be answered and refuses what cannot.
 *
 * @param answerable - the row's column that tells, a boolean or its text. Default `answerable`.
 * @param answered - the program's output that tells, a boolean. Default `answered`.
 */
export function abstains<F extends string = "answered">(
  answerable = "answerable",
  answered = "answered" as F,
): FieldMetric<F> {
  return fieldMetric(
    "answers or refuses rightly",
    undefined,
    [answerable, answered],
    (row: object, outputs: object) => {
      const can = truth(columnOf(answerable, row), answerable);
      const did = truth(outputOf(answered, outputs), answered);
      if (can === did) return { score: true };
      return {
        score: false,
        feedback: can
          ? "refused a question that the documents answer"
          : "answered a question that the documents do not answer",
      };
    },
  );
}

function truth(value: unknown, name: string): boolean {
  const text = String(value).trim().toLowerCase();
  if (text === "true") return true;
  if (text === "false") return false;
  throw new ConfigurationError(`"${name}" is ${JSON.stringify(value)}; expected true or false`);
}
