import { columnOf, type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";
import { normalizedWords, normalizeText } from "./text.ts";

/** Answers that are right or wrong as a whole: sharing a word with one of them is no merit. */
const closedAnswers = new Set(["yes", "no", "noanswer"]);

/**
 * F1 of the words two texts share after normalisation, 0 to 1 (SQuAD, Rajpurkar et al. 2016). Two texts without
 * words score 0.
 */
export function f1Score(prediction: string, answer: string): number {
  const { precision, recall } = overlap(prediction, answer);
  return precision === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** Like {@link f1Score}; where either is "yes", "no" or "noanswer", only that same answer scores (HotpotQA, Yang et al. 2018). */
export function hotpotF1Score(prediction: string, answer: string): number {
  const [said, wanted] = [normalizeText(prediction), normalizeText(answer)];
  if (said !== wanted && (closedAnswers.has(said) || closedAnswers.has(wanted))) return 0;
  return f1Score(prediction, answer);
}

/** Share of the prediction's words that stand in the answer, after normalisation. */
export function precisionScore(prediction: string, answer: string): number {
  return overlap(prediction, answer).precision;
}

/**
 * Metric: {@link f1Score} of an output against the row's column of the same name. A column that holds a list of
 * texts holds alternatives, of which the best counts.
 */
export function tokenF1<F extends string>(field: F): FieldMetric<F> {
  return fieldMetric(`F1 of ${field}`, undefined, [field], (row: object, outputs: object) => {
    const expected = columnOf(field, row);
    const found = outputOf(field, outputs);
    const answers = Array.isArray(expected) ? expected : [expected];
    const score = Math.max(0, ...answers.map((answer) => f1Score(String(found), String(answer))));
    return score === 1
      ? { score }
      : { score, feedback: `expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}` };
  });
}

function overlap(prediction: string, answer: string): { precision: number; recall: number } {
  const said = normalizedWords(prediction);
  const wanted = normalizedWords(answer);
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of said) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared++;
  }
  return shared === 0
    ? { precision: 0, recall: 0 }
    : { precision: shared / said.length, recall: shared / wanted.length };
}
