import { type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";
import { closeness, readNumber, type Scale, valueOnScale } from "./numeric.ts";
import { readScore } from "./metric.ts";

/** What {@link scaleFeedback} looks at. */
export interface ScaleFeedbackOptions {
  /** The scale's lowest and highest value. */
  range: Scale;
  /** The row's column in which the person says why; left out where the rows have none. Default `rationale`. */
  human?: string | undefined;
  /** The judge's output in which it says why; left out where it gives none. Default `rationale`. */
  reasoning?: string | undefined;
  /** What must stay as it is, whatever else is changed. Default: that scores lie on the scale. */
  invariants?: readonly string[] | undefined;
}

/**
 * Metric for a judge that scores on a scale, against the score of a person in the row's column of the same name.
 * The score is that of {@link closeness}; the feedback, which an optimizer that reflects (GEPA) reads, tells the gap,
 * its direction and how far it is, the person's reason beside the judge's, and what must not change.
 *
 * Throws DataError for a row without the person's score, or with one that is no number or off the scale.
 */
export function scaleFeedback<F extends string>(
  field: F,
  {
    range,
    human = "rationale",
    reasoning = "rationale",
    invariants = invariantsOf(range),
  }: ScaleFeedbackOptions,
): FieldMetric<F> {
  const compare = closeness(field, { range });
  const settings = [range, human, reasoning, invariants];
  return fieldMetric(
    `agreement of ${field} with a person`,
    undefined,
    settings,
    (row: object, outputs: object) => {
      const { score } = readScore(compare(row, outputs as never, { trace: [] }));
      const [wanted, said] = [valueOnScale(field, row, range), readNumber(outputOf(field, outputs))];
      const reasons = [
        reason("The person's reason", (row as Record<string, unknown>)[human]),
        reason("The judge's reason", (outputs as Record<string, unknown>)[reasoning]),
      ];
      const lines = [verdict(said, wanted, range), ...reasons.filter((line) => line !== undefined)];
      if (score < 1) lines.push(...invariants.map((invariant) => `Must stay: ${invariant}`));
      return { score, feedback: lines.join("\n") };
    },
  );
}

function verdict(said: number, wanted: number, [low, high]: Scale): string {
  if (Number.isNaN(said)) return `The judge gives no number, the person ${wanted}.`;
  const gap = said - wanted;
  if (gap === 0) return `Right: ${wanted}, as the person says.`;
  const direction = gap > 0 ? "too high" : "too low";
  const share = Math.abs(gap) / (high - low);
  const magnitude = share <= 0.25 ? "a little" : share <= 0.5 ? "clearly" : "far";
  return `The judge says ${said}, the person ${wanted}: ${Math.abs(gap)} ${direction}, ${magnitude} off.`;
}

function reason(whose: string, text: unknown): string | undefined {
  return typeof text === "string" && text.trim() !== "" ? `${whose}: ${text.trim()}` : undefined;
}

function invariantsOf([low, high]: Scale): string[] {
  return [`scores lie between ${low} and ${high}, and each value is used where it fits`];
}
