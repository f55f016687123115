import type { FieldMetric } from "../metrics/index.ts";

/**
 * Metric for an output that is one of a set of labels: 1 where it is the row's label, letter for letter, else 0.
 * Unlike `exactMatch` it tells `C` from `C++`, for a label is a name and no prose. A row's number or boolean is
 * read as the label it is written as.
 */
export function labelMatch<F extends string>(field: F): FieldMetric<F> {
  const score = (row: object, outputs: object) => {
    const [expected, found] = [labelIn(row, field), labelIn(outputs, field)];
    return expected === found
      ? { score: true }
      : { score: false, feedback: `expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}` };
  };
  return Object.assign(score, { label: `exact match of ${field}`, field });
}

function labelIn(holder: object, field: string): string {
  return String((holder as Readonly<Record<string, unknown>>)[field]);
}
