import { setImmediate as turn } from "node:timers/promises";
import { inverse } from "../core/index.ts";

/** A vector and the place of its label. */
export interface LabeledVector {
  vector: Float32Array;
  expected: number;
}

/**
 * What tells labels from vectors: the log-odds of a label are its direction times the vector, and its offset. Lists
 * have one entry a label.
 */
export interface LinearProbe {
  /** Each as long as a vector. */
  directions: readonly (readonly number[])[];
  offsets: readonly number[];
  /** The mean of the log-odds over the vectors it was fitted to: what holds where there is no vector. */
  means: readonly number[];
}

/** A probe fitted to vectors. */
export interface ProbeFit extends LinearProbe {
  /** Penalty on the length of the directions, of those tried the best on vectors left out. */
  penalty: number;
  /** The log-odds of each vector's labels by a probe that was fitted to all others. */
  leftOut: readonly (readonly number[])[];
}

const penalties = [10, 3, 1, 0.3, 0.1, 0.03];

/** Log-odds by unit of probability, where the probability is a half: what least squares fit is a probability. */
const slope = 4;

/**
 * Fits a linear probe by regularised least squares to the labels as 0 and 1 (Rifkin, Yeo and Poggio 2003,
 * "Regularized Least-Squares Classification"). The penalty is chosen by what leaving each vector out in turn gives,
 * which one inverse tells exactly (Allen 1974, "The Relationship between Variable Selection and Data Augmentation and a
 * Method for Prediction"), so that few vectors of many dimensions do not overfit.
 *
 * @param rows two or more, of vectors of length 1; the time is that of inverting a matrix of so many rows.
 */
export async function fitProbe(rows: readonly LabeledVector[], labels: number): Promise<ProbeFit> {
  const center = mean(rows);
  const centered = rows.map(({ vector }) => Float64Array.from(vector, (value, at) => value - center[at]!));
  // The one stands for an offset that is fitted too.
  const likeness = centered.map((one) => centered.map((other) => product(one, other) + 1));
  const wanted = rows.map(({ expected }) => Array.from({ length: labels }, (_, at) => +(at === expected)));
  let best: { penalty: number; error: number; duals: number[][]; leftOut: number[][] } | undefined;
  for (const penalty of penalties) {
    await turn();
    const solved = inverse(likeness.map((row, at) => row.with(at, row[at]! + penalty)));
    const duals = solved.map((row) => sumOf(labels, row, wanted));
    const missed = duals.map((dual, at) => dual.map((value) => value / solved[at]![at]!));
    const error = missed.flat().reduce((sum, value) => sum + value ** 2, 0);
    if (best && error >= best.error) continue;
    const leftOut = missed.map((row, at) => row.map((value, label) => wanted[at]![label]! - value));
    best = { penalty, error, duals, leftOut };
  }
  const { penalty, duals, leftOut } = best!;
  const directions = Array.from({ length: labels }, (_, label) =>
    sumOf(
      center.length,
      duals.map((dual) => dual[label]!),
      centered,
    ),
  );
  const means = directions.map((_, label) => duals.reduce((sum, dual) => sum + dual[label]!, 0));
  const offsets = directions.map((direction, label) => means[label]! - product(direction, center));
  return {
    penalty,
    directions: directions.map((direction) => direction.map((value) => slope * value)),
    offsets: offsets.map((value) => slope * value),
    means: means.map((value) => slope * value),
    leftOut: leftOut.map((row) => row.map((value) => slope * value)),
  };
}

/** The log-odds that a probe gives to each label of a vector. */
export function probed(
  { directions, offsets }: Pick<LinearProbe, "directions" | "offsets">,
  vector: ArrayLike<number>,
): number[] {
  return directions.map((direction, label) => product(direction, vector) + offsets[label]!);
}

function mean(rows: readonly LabeledVector[]): number[] {
  const weights = rows.map(() => 1 / rows.length);
  return sumOf(
    rows[0]!.vector.length,
    weights,
    rows.map(({ vector }) => vector),
  );
}

/** The weighted sum of vectors of `length` numbers. */
function sumOf(length: number, weights: ArrayLike<number>, vectors: readonly ArrayLike<number>[]): number[] {
  const sum = new Array<number>(length).fill(0);
  for (const [index, vector] of vectors.entries()) {
    for (let at = 0; at < length; at++) sum[at]! += weights[index]! * vector[at]!;
  }
  return sum;
}

function product(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += one[at]! * other[at]!;
  return sum;
}
