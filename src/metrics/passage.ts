import { columnOf, type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";
import { normalizeText } from "./text.ts";

/**
 * True where any passage holds any of the answers, word after word, after normalisation (DPR, Karpukhin et al.
 * 2020, and DSPy's `answer_passage_match`). An answer without words stands in every passage.
 */
export function passagesHold(passages: readonly string[], answers: readonly string[]): boolean {
  const wanted = answers.map(words);
  return passages.some((passage) => {
    const held = words(passage);
    return wanted.some((answer) => contains(held, answer));
  });
}

/**
 * Metric: 1 where the passages a program gave hold the row's answer, else 0.
 *
 * @param answer - the row's column with the answer, or a list of alternatives. Default `answer`.
 * @param passages - the program's output with the passages, a text or a list of texts. Default `context`.
 */
export function passageMatch<F extends string = "context">(
  answer = "answer",
  passages = "context" as F,
): FieldMetric<F> {
  return fieldMetric(
    `passage match of ${answer} in ${passages}`,
    undefined,
    [answer, passages],
    (row: object, outputs: object) => {
      const expected = texts(columnOf(answer, row));
      const found = texts(outputOf(passages, outputs));
      return passagesHold(found, expected)
        ? { score: true }
        : {
            score: false,
            feedback: `none of the ${found.length} passages holds ${expected.map((text) => JSON.stringify(text)).join(" or ")}`,
          };
    },
  );
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** Runs of letters, digits and marks, and every other visible character by itself. */
function words(text: string): string[] {
  return normalizeText(text).match(/[\p{L}\p{N}\p{M}]+|[^\p{Z}\p{C}]/gu) ?? [];
}

function contains(held: readonly string[], wanted: readonly string[]): boolean {
  for (let start = 0; start + wanted.length <= held.length; start++) {
    if (wanted.every((word, index) => held[start + index] === word)) return true;
  }
  return false;
}
