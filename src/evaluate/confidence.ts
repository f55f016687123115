import type { ConfidentAnswer } from "../metrics/index.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Rollout } from "./rollout.ts";

/**
 * The answers of an evaluation that were given with a probability, for `reliability` and `expectedCalibrationError`:
 * those of predictors that weigh their labels, in the field that the metric compares. Empty where there are none.
 */
export function confidentAnswers({ rows, subject: { field } }: Evaluation): ConfidentAnswer[] {
  const answers: ConfidentAnswer[] = [];
  if (field === undefined) return answers;
  for (const row of rows) {
    const confidence = row.status === "scored" ? confidenceIn(row, field) : undefined;
    if (confidence !== undefined) answers.push({ confidence, correct: row.score === 1 });
  }
  return answers;
}

/** The probability that the last predictor to give the field had for the program's answer. */
function confidenceIn({ trace, outputs }: Rollout, field: string): number | undefined {
  const answer = outputs?.[field];
  const call = trace.findLast(
    ({ probabilities, outputs: given }) => probabilities && given?.[field] === answer,
  );
  return call?.probabilities?.[String(answer)];
}
