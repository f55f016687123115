import { labelsOf, mean, type Rollout } from "../evaluate/index.ts";
import { ConfusionMatrix } from "../metrics/index.ts";

/** A row with its rollout; outages are never among them. */
export interface ScoredRow {
  row: Readonly<Record<string, unknown>>;
  result: Rollout;
}

/** What the rollouts of a candidate add up to; higher is better. */
export type Objective = (rows: readonly ScoredRow[]) => number;

/** The mean of the metric's scores. */
export const meanScore: Objective = (rows) => mean(rows.map(({ result }) => result.score));

/** Macro F1 of an output against the column of the same name: rare classes count as much as common ones. */
export function macroF1(field: string): Objective {
  return (rows) => {
    const matrix = new ConfusionMatrix();
    for (const { row, result } of rows) {
      const labels = labelsOf(row, result, field);
      if (labels) matrix.add(labels.expected, labels.predicted);
    }
    return matrix.macroF1();
  };
}

/** A weighted sum of objectives: `weighted([[0.5, meanScore], [0.5, macroF1("label")]])`. */
export function weighted(parts: readonly (readonly [weight: number, objective: Objective])[]): Objective {
  return (rows) => parts.reduce((sum, [weight, objective]) => sum + weight * objective(rows), 0);
}
