import { inspect } from "node:util";
import { ConfigurationError, DataError } from "../core/index.ts";
import { columnOf, type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";

/** The lowest and the highest value a scale has. */
export type Scale = readonly [low: number, high: number];

/** A prediction that may be missing, because the reply could not be read. */
type Prediction = number | null | undefined;

/**
 * Metric for a number on a scale, such as a grade from 1 to 5: 1 − (gap / width)², so 1 is the row's value and 0
 * the far end of the scale, or no number at all. The mean over rows is 1 − {@link normalizedSquaredError} / 100. The
 * feedback tells the gap and its direction.
 *
 * Like every metric here it throws DataError for a row of which nothing can be said: whose value is missing, no number,
 * or off the scale.
 */
export function closeness<F extends string>(field: F, { range }: { range: Scale }): FieldMetric<F> {
  const width = widthOf(range);
  return fieldMetric(`closeness of ${field}`, undefined, [range], (row: object, outputs: object) => {
    const found = outputOf(field, outputs);
    const [wanted, said] = [valueOnScale(field, row, range), readNumber(found)];
    if (Number.isNaN(said)) {
      return { score: 0, feedback: `no number: expected ${wanted}, got ${JSON.stringify(found)}` };
    }
    const gap = said - wanted;
    const score = 1 - Math.min(1, Math.abs(gap) / width) ** 2;
    if (gap === 0) return { score };
    const direction = gap > 0 ? "too high" : "too low";
    return {
      score,
      feedback: `${Math.abs(gap)} ${direction}: expected ${wanted}, got ${JSON.stringify(found)}`,
    };
  });
}

/** The finite number that a value is, or is the text of; NaN where it is none: null and an empty text are not 0. */
export function readNumber(value: unknown): number {
  const none = typeof value === "object" || (typeof value === "string" && value.trim() === "");
  const number = none ? NaN : Number(value);
  return Number.isFinite(number) ? number : NaN;
}

/**
 * The number on the scale that the row's column holds.
 *
 * Throws DataError where it is missing, no number, or off the scale.
 */
export function valueOnScale(field: string, row: object, [low, high]: Scale): number {
  const expected = columnOf(field, row);
  const wanted = readNumber(expected);
  if (wanted >= low && wanted <= high) return wanted;
  const missing = expected === null || (typeof expected === "string" && expected.trim() === "");
  const found = missing
    ? `a row has no value, so nothing can be compared with it`
    : `"${field}" is compared as a number from ${low} to ${high}; a row holds ${inspect(expected)}` +
      (Number.isNaN(wanted) ? "" : ", which is off the scale");
  throw new DataError(`${found}: ${excerpt(row)}; correct such rows, or leave them out with rows.filter(…)`, {
    column: field,
  });
}

/** The row as text, to be found by: no metric knows its number. */
function excerpt(row: object): string {
  const text = inspect(row, { depth: 1, breakLength: Infinity });
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/**
 * Mean absolute error. A missing prediction counts as wrong by the whole scale, and without one throws
 * ConfigurationError. NaN for empty lists.
 */
export function meanAbsoluteError(
  expected: readonly number[],
  predicted: readonly Prediction[],
  range?: Scale,
): number {
  return meanOfGaps(expected, predicted, range, Math.abs);
}

/** Mean squared error, 0 to width² (0 to 16 on a scale from 1 to 5); missing predictions as in {@link meanAbsoluteError}. */
export function meanSquaredError(
  expected: readonly number[],
  predicted: readonly Prediction[],
  range?: Scale,
): number {
  return meanOfGaps(expected, predicted, range, (gap) => gap * gap);
}

/** Mean squared error in percent of the largest the scale allows: 0 is perfect, 100 always the far end (NMSE). */
export function normalizedSquaredError(
  expected: readonly number[],
  predicted: readonly Prediction[],
  range: Scale,
): number {
  return (100 * meanSquaredError(expected, predicted, range)) / widthOf(range) ** 2;
}

function meanOfGaps(
  expected: readonly number[],
  predicted: readonly Prediction[],
  range: Scale | undefined,
  cost: (gap: number) => number,
): number {
  if (expected.length !== predicted.length) {
    throw new RangeError(`${expected.length} expected values against ${predicted.length} predicted ones`);
  }
  let sum = 0;
  for (const [index, wanted] of expected.entries()) {
    const said = predicted[index];
    if (said !== undefined && said !== null && Number.isFinite(said)) sum += cost(said - wanted);
    else if (range) sum += cost(widthOf(range));
    else {
      throw new ConfigurationError(
        `prediction ${index} is ${String(said)}; give the scale, so that it can count as fully wrong: [1, 5]`,
      );
    }
  }
  return sum / expected.length;
}

function widthOf([low, high]: Scale): number {
  if (!(high > low))
    throw new ConfigurationError(`invalid range: [${low}, ${high}], expected low below high`);
  return high - low;
}
