import { solve } from "../core/index.ts";
import { type LabelScaling, scaleLogprobs } from "../modules/index.ts";

/** One labelled row: the model's log-probability of each label, and the place of the right one. */
export interface WeighedRow {
  logprobs: readonly number[];
  expected: number;
}

/** Steps after which the fit is taken as it is; some ten suffice. */
const mostSteps = 100;

/**
 * The scale and offsets under which the right labels are likeliest, drawn towards scale 1 and offsets 0 by a penalty
 * of `penalty / 2` times the squared distance. Fitted by Newton's method; the objective is concave, so it has one
 * answer. (Platt scaling for many labels: "bias-corrected temperature scaling", Alexandari et al. 2020,
 * https://arxiv.org/abs/1901.06852.)
 */
export function fitScaling(rows: readonly WeighedRow[], labels: number, penalty: number): LabelScaling {
  // The scale stands first, the offsets after it.
  const start = [1, ...new Array<number>(labels).fill(0)];
  const objective = (parameters: readonly number[]) => {
    const [scale, ...offsets] = parameters;
    const fitted = { scale: scale!, offsets };
    const distance = parameters.reduce((sum, value, index) => sum + (value - start[index]!) ** 2, 0);
    return logLikelihood(rows, fitted) - (penalty / 2) * distance;
  };
  let parameters = start;
  let reached = objective(parameters);
  for (let step = 0; step < mostSteps; step++) {
    const direction = newtonDirection(rows, parameters, start, penalty);
    let length = 1;
    let next = parameters;
    let gained = -Infinity;
    // A whole step may overshoot where rows are few.
    for (; length > 1e-6; length /= 2) {
      next = parameters.map((value, index) => value + length * direction[index]!);
      gained = objective(next) - reached;
      if (gained >= 0) break;
    }
    if (!(gained >= 0)) break;
    parameters = next;
    reached += gained;
    if (gained < 1e-10) break;
  }
  const [scale, ...offsets] = parameters;
  return { scale: scale!, offsets };
}

/** The logarithm of the probability of all right labels. */
export function logLikelihood(rows: readonly WeighedRow[], scaling: LabelScaling): number {
  return rows.reduce((sum, { logprobs, expected }) => sum + scaleLogprobs(logprobs, scaling)[expected]!, 0);
}

/** Where to go from `parameters`: the gradient through the inverse of the negative Hessian. */
function newtonDirection(
  rows: readonly WeighedRow[],
  parameters: readonly number[],
  start: readonly number[],
  penalty: number,
): number[] {
  const [scale, ...offsets] = parameters;
  const size = parameters.length;
  const gradient = parameters.map((value, index) => -penalty * (value - start[index]!));
  const curvature = parameters.map((_, row) =>
    parameters.map((__, column) => (row === column ? penalty : 0)),
  );
  for (const { logprobs, expected } of rows) {
    const probabilities = scaleLogprobs(logprobs, { scale: scale!, offsets }).map(Math.exp);
    const mean = probabilities.reduce((sum, p, label) => sum + p * logprobs[label]!, 0);
    gradient[0]! += logprobs[expected]! - mean;
    for (const [label, p] of probabilities.entries()) {
      const distance = logprobs[label]! - mean;
      gradient[label + 1]! += (label === expected ? 1 : 0) - p;
      curvature[0]![0]! += p * distance ** 2;
      curvature[0]![label + 1]! += p * distance;
      curvature[label + 1]![0]! += p * distance;
      for (let other = 1; other < size; other++)
        curvature[label + 1]![other]! -= p * probabilities[other - 1]!;
      curvature[label + 1]![label + 1]! += p;
    }
  }
  return solve(curvature, gradient);
}
