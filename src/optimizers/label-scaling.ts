import { solve } from "../core/index.ts";
import { type LabelScaling, scaleLogprobs } from "../modules/index.ts";

/** One labelled row: the model's log-probability of each label, and the place of the right one. */
export interface WeighedRow {
  logprobs: readonly number[];
  /** What else speaks for each label. Default: nothing. */
  evidence?: readonly number[] | undefined;
  expected: number;
}

/** A scaling fitted to rows. */
export interface FittedScaling extends LabelScaling {
  /** What the rows' evidence is multiplied by; 0 where they have none. */
  evidenceScale: number;
}

/** Steps after which the fit is taken as it is; some ten suffice. */
const mostSteps = 100;

/** Parameters before the offsets: what the model's log-probabilities and the evidence are multiplied by. */
const scales = 2;

/**
 * The scales and offsets under which the right labels are likeliest, drawn towards the model's own weights (scale 1,
 * no evidence, offsets 0) by a penalty of `penalty / 2` times the squared distance. Fitted by Newton's method; the
 * objective is concave, so it has one answer. (Platt scaling for many labels: "bias-corrected temperature scaling",
 * Alexandari et al. 2020, https://arxiv.org/abs/1901.06852. With evidence it is stacking: Wolpert 1992, "Stacked
 * Generalization".)
 */
export function fitScaling(rows: readonly WeighedRow[], labels: number, penalty: number): FittedScaling {
  const start = [1, 0, ...new Array<number>(labels).fill(0)];
  const objective = (parameters: readonly number[]) => {
    const distance = parameters.reduce((sum, value, index) => sum + (value - start[index]!) ** 2, 0);
    return logLikelihood(rows, read(parameters)) - (penalty / 2) * distance;
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
  return read(parameters);
}

/** A row's log-probabilities under a scaling. */
export function scaledRow({ logprobs, evidence }: WeighedRow, scaling: FittedScaling): number[] {
  return scaleLogprobs(
    logprobs,
    scaling,
    evidence?.map((value) => scaling.evidenceScale * value),
  );
}

/** The logarithm of the probability of all right labels. */
export function logLikelihood(rows: readonly WeighedRow[], scaling: FittedScaling): number {
  return rows.reduce((sum, row) => sum + scaledRow(row, scaling)[row.expected]!, 0);
}

function read([scale, evidenceScale, ...offsets]: readonly number[]): FittedScaling {
  return { scale: scale!, evidenceScale: evidenceScale!, offsets };
}

/** Where to go from `parameters`: the gradient through the inverse of the negative Hessian. */
function newtonDirection(
  rows: readonly WeighedRow[],
  parameters: readonly number[],
  start: readonly number[],
  penalty: number,
): number[] {
  const scaling = read(parameters);
  const size = parameters.length;
  const gradient = parameters.map((value, index) => -penalty * (value - start[index]!));
  const curvature = parameters.map((_, row) =>
    parameters.map((__, column) => (row === column ? penalty : 0)),
  );
  for (const row of rows) {
    const probabilities = scaledRow(row, scaling).map(Math.exp);
    const none = probabilities.map(() => 0);
    // What is scaled, as distances of each label from the mean over labels.
    const scaled = [row.logprobs, row.evidence ?? none].map((values) => {
      const mean = probabilities.reduce((sum, p, label) => sum + p * values[label]!, 0);
      return values.map((value) => value - mean);
    });
    for (const [place, distances] of scaled.entries()) gradient[place]! += distances[row.expected]!;
    for (const [label, p] of probabilities.entries()) {
      const at = scales + label;
      gradient[at]! += (label === row.expected ? 1 : 0) - p;
      for (const [place, distances] of scaled.entries()) {
        const moved = p * distances[label]!;
        for (const [other, others] of scaled.entries()) curvature[place]![other]! += moved * others[label]!;
        curvature[place]![at]! += moved;
        curvature[at]![place]! += moved;
      }
      for (let other = scales; other < size; other++)
        curvature[at]![other]! -= p * probabilities[other - scales]!;
      curvature[at]![at]! += p;
    }
  }
  return solve(curvature, gradient);
}
