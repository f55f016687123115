import type { Random } from "../core/index.ts";
import type { Label } from "../lm/index.ts";
import { expectedCalibrationError } from "../metrics/index.ts";
import { Calibration, scaleLogprobs } from "../modules/index.ts";
import { type FittedScaling, fitScaling, scaledRow, type WeighedRow } from "./label-scaling.ts";

/** A calibration fitted to labelled rows. */
export interface CalibrationFit {
  calibration: Calibration;
  /** Penalty on the distance from the model's own weights, of those tried the best on rows held out. */
  penalty: number;
  /** What the rows' evidence counts for; 0 where they have none. */
  evidenceScale: number;
  /** How much of the labels' shares the preferences take out: 0 none, 1 all. */
  adjustment: number;
  /** Mean log-probability of the right label on rows held out. */
  likelihood: number;
  /** The objective on rows held out, of the model's own answers and of the calibrated ones. */
  objective: { before: number; after: number };
  /** Expected calibration error on rows held out, as the model weighs labels and as they are calibrated. */
  calibrationError: { before: number; after: number };
}

const penalties = [100, 30, 10, 3, 1, 0.3];
const adjustments = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const folds = 5;
/** Times the rows are cut into folds anew, since where the cuts fall decides much where rows are few. */
const rounds = 10;
/** Of these, how many choose the penalty: likelihood is steadier than what answers add up to. */
const penaltyRounds = 2;

/**
 * Fits scale, offsets and preferences to labelled rows. How far the fit may leave the model's own weights, and how
 * far answers may leave the likeliest label, is chosen on rows that were held out, so that few rows do not overfit.
 *
 * Preferences are one number for all labels, the share of `-log(frequency)` that each label is granted: logit
 * adjustment (Menon et al. 2021, https://arxiv.org/abs/2007.07314).
 *
 * @param objective what answers add up to; they are given as places of labels, one a row.
 */
export function fitCalibration(
  rows: readonly WeighedRow[],
  labels: readonly Label[],
  draw: Random,
  objective: (answers: readonly number[]) => number,
): CalibrationFit {
  const orders = Array.from({ length: rounds }, () => draw.shuffle(rows.keys()));
  const heldOut = (order: readonly number[], penalty: number) =>
    crossFit(rows, order, labels.length, penalty);
  let best: { penalty: number; likelihood: number } | undefined;
  for (const penalty of penalties) {
    const likelihood = sum(orders.slice(0, penaltyRounds), (order) =>
      sum(heldOut(order, penalty), (row, index) => row[rows[index]!.expected]!),
    );
    if (!best || likelihood > best.likelihood) best = { penalty, likelihood };
  }
  const { penalty } = best!;
  const found = orders.map((order) => heldOut(order, penalty));
  let chosen: { adjustment: number; reached: number; preferences: number[] } | undefined;
  for (const adjustment of adjustments) {
    const preferences = granted(rows, labels.length, adjustment);
    const reached = sum(found, (round) => objective(round.map((row) => preferred(row, preferences))));
    if (!chosen || reached > chosen.reached + 1e-9) chosen = { adjustment, reached, preferences };
  }
  const { adjustment, reached, preferences } = chosen!;
  const { evidenceScale, ...scaling } = rounded(fitScaling(rows, labels.length, penalty));
  const none = labels.map(() => 0);
  return {
    calibration: new Calibration({ labels, ...scaling, preferences: preferences.map(round) }),
    penalty,
    evidenceScale,
    adjustment,
    likelihood:
      sum(found, (round) => sum(round, (row, index) => row[rows[index]!.expected]!)) / (rounds * rows.length),
    objective: {
      before: objective(rows.map(({ logprobs }) => preferred(logprobs, none))),
      after: reached / rounds,
    },
    calibrationError: {
      before: calibrationError(
        rows,
        rows.map(({ logprobs }) => scaleLogprobs(logprobs, { scale: 1, offsets: none })),
      ),
      after: sum(found, (round) => calibrationError(rows, round)) / rounds,
    },
  };
}

/** Calibrated log-probabilities of each row, fitted to the rows of the other folds. */
function crossFit(
  rows: readonly WeighedRow[],
  order: readonly number[],
  labels: number,
  penalty: number,
): number[][] {
  const fitted = Array.from({ length: folds }, (_, fold) =>
    fitScaling(
      order.filter((_row, place) => place % folds !== fold).map((index) => rows[index]!),
      labels,
      penalty,
    ),
  );
  const result: number[][] = [];
  for (const [place, index] of order.entries()) {
    result[index] = scaledRow(rows[index]!, fitted[place % folds]!);
  }
  return result;
}

function granted(rows: readonly WeighedRow[], labels: number, adjustment: number): number[] {
  const counts = new Array<number>(labels).fill(0);
  for (const { expected } of rows) counts[expected]!++;
  // A label that no row has is granted nothing: how rare it is was not seen.
  return counts.map((count) =>
    count === 0 || adjustment === 0 ? 0 : -adjustment * Math.log(count / rows.length),
  );
}

function preferred(logprobs: readonly number[], preferences: readonly number[]): number {
  const values = logprobs.map((logprob, index) => logprob + preferences[index]!);
  return values.indexOf(Math.max(...values));
}

function calibrationError(rows: readonly WeighedRow[], logprobs: readonly (readonly number[])[]): number {
  return expectedCalibrationError(
    rows.map(({ expected }, index) => {
      const likeliest = Math.max(...logprobs[index]!);
      return { confidence: Math.exp(likeliest), correct: logprobs[index]![expected] === likeliest };
    }),
  );
}

/** Digits beyond these are noise, and would make equal calibrations differ. */
function rounded({ scale, evidenceScale, offsets }: FittedScaling): FittedScaling {
  return { scale: round(scale), evidenceScale: round(evidenceScale), offsets: offsets.map(round) };
}

function round(value: number): number {
  return Number(value.toFixed(6));
}

function sum<T>(items: readonly T[], of: (item: T, index: number) => number): number {
  return items.reduce((total, item, index) => total + of(item, index), 0);
}
