import { isDeepStrictEqual } from "node:util";
import { columnOf, type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";
import { normalizeText } from "./text.ts";

/** True where two texts are the same once normalised: case, punctuation and articles do not count. */
export function sameText(prediction: string, answer: string): boolean {
  return normalizeText(prediction) === normalizeText(answer);
}

/**
 * Metric: 1 where every named output equals the row's column of the same name, else 0, with feedback that tells
 * what was expected and what came.
 *
 * Two texts are compared by {@link sameText}, as DSPy's `answer_exact_match` does (labels that differ only in
 * punctuation, such as `A` and `A+`, need a function of one's own); a text that came against a list of texts
 * must be one of them; a number or a boolean against a text by its value, since a file keeps no types;
 * everything else must be deeply equal.
 */
export function exactMatch<F extends string>(...fields: readonly [F, ...F[]]): FieldMetric<F> {
  const only = fields.length === 1 ? fields[0] : undefined;
  const score = (row: object, outputs: object) => {
    const wrong: string[] = [];
    for (const field of fields) {
      const expected = columnOf(field, row);
      const found = outputOf(field, outputs);
      if (matches(found, expected)) continue;
      const said = `expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`;
      wrong.push(only === undefined ? `${field}: ${said}` : said);
    }
    return wrong.length === 0 ? { score: true } : { score: false, feedback: wrong.join("; ") };
  };
  return fieldMetric(`exact match of ${fields.join(", ")}`, only, fields, score);
}

function matches(found: unknown, expected: unknown): boolean {
  if (typeof found === "string" && Array.isArray(expected)) {
    return expected.some((answer) => matches(found, answer));
  }
  if (typeof found === "string" && typeof expected === "string") return sameText(found, expected);
  if (typeof found === "string") return sameValue(found, expected);
  if (typeof expected === "string") return sameValue(expected, found);
  return isDeepStrictEqual(found, expected);
}

function sameValue(text: string, value: unknown): boolean {
  const trimmed = text.trim();
  if (typeof value === "number") return trimmed !== "" && Number(trimmed) === value;
  return typeof value === "boolean" && trimmed.toLowerCase() === String(value);
}
