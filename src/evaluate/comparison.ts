import { noAnswer } from "../metrics/index.ts";
import { bootstrap, type Interval, mean, meanInterval, pairedProbability, wilson } from "./interval.ts";
import { labelsOf } from "./rollout.ts";
import type { RowResult, RowResults } from "./row-results.ts";

/** A figure before and after, with the 95 % interval of what lies between. */
export interface Difference {
  before: number;
  after: number;
  difference: number;
  interval: Interval;
}

/** Rows whose score changed in one direction. */
export interface Flips {
  count: number;
  /** The first 200 of them. */
  rows: readonly { before: RowResult; after: RowResult }[];
}

/** Two evaluations of the same rows, row against row. */
export interface Comparison {
  /** Rows that both scored. */
  rows: number;
  score: Difference & {
    /** Two-sided probability of a difference this large if the programs did not differ. */
    probability: number;
  };
  macroF1: Difference | undefined;
  /** Rows that score higher now. */
  better: Flips;
  /** Rows that score lower now. */
  worse: Flips;
  /** One plain sentence: what changed, and whether it is more than chance. */
  verdict: string;
}

/** Flipped rows that are kept to look at, on each side. */
const keptFlips = 200;

/** Compares row by row; see `Evaluation.compare`. */
export function compareRows(before: RowResults, after: RowResults, field: string | undefined): Comparison {
  const flips = {
    better: { count: 0, rows: [] as { before: RowResult; after: RowResult }[] },
    worse: { count: 0, rows: [] as { before: RowResult; after: RowResult }[] },
  };
  const scores: { before: number[]; after: number[] } = { before: [], after: [] };
  const labels = new Map<string, number>();
  const numbers: { expected: number[]; before: number[]; after: number[] } = {
    expected: [],
    before: [],
    after: [],
  };
  const numberOf = (label: string) => {
    let number = labels.get(label);
    if (number === undefined) labels.set(label, (number = labels.size));
    return number;
  };
  const later = after[Symbol.iterator]();
  for (const one of before) {
    const step = later.next();
    if (step.done) break;
    const other = step.value;
    if (Number.isNaN(one.score) || Number.isNaN(other.score)) continue;
    scores.before.push(one.score);
    scores.after.push(other.score);
    if (other.score !== one.score) {
      const flipped = other.score > one.score ? flips.better : flips.worse;
      flipped.count++;
      if (flipped.rows.length < keptFlips) flipped.rows.push({ before: one, after: other });
    }
    const labelled = field === undefined ? undefined : labelsOf(one.row, one, field);
    if (field !== undefined && labelled !== undefined) {
      numbers.expected.push(numberOf(labelled.expected));
      numbers.before.push(numberOf(labelled.predicted));
      numbers.after.push(numberOf(labelsOf(other.row, other, field)?.predicted ?? noAnswer));
    }
  }
  const differences = scores.after.map((score, index) => score - scores.before[index]!);
  const probability = pairedProbability(differences);
  const score = {
    before: mean(scores.before),
    after: mean(scores.after),
    difference: mean(differences),
    interval: pairedInterval(differences),
    probability,
  };
  const macroF1 =
    field === undefined || labels.size === 0
      ? undefined
      : compareMacroF1(
          Int32Array.from(numbers.expected),
          Int32Array.from(numbers.before),
          Int32Array.from(numbers.after),
          labels.size,
        );
  return {
    rows: differences.length,
    score,
    macroF1,
    ...flips,
    verdict: verdictOf(score, differences.length),
  };
}

/**
 * 95 % interval of the mean of differences between pairs. A bootstrap of differences that are all alike has no width;
 * Wilson's bound says how little few rows prove.
 */
export function pairedInterval(differences: readonly number[]): Interval {
  if (differences.length > 0 && differences.every((difference) => difference === 0)) {
    const [, bound] = wilson(0, differences.length);
    return [-bound, bound];
  }
  return meanInterval(differences);
}

function compareMacroF1(
  expected: Int32Array,
  before: Int32Array,
  after: Int32Array,
  labels: number,
): Difference {
  const all = Int32Array.from({ length: expected.length }, (_, index) => index);
  const at = (predicted: Int32Array, places: Int32Array) => macroF1At(expected, predicted, labels, places);
  const was = at(before, all);
  const is = at(after, all);
  return {
    before: was,
    after: is,
    difference: is - was,
    interval: bootstrap(all.length, (draw) => at(after, draw) - at(before, draw)),
  };
}

/** Macro F1 of the rows at the given places; the lists hold a label's number for each row, below `labels`. */
function macroF1At(expected: Int32Array, predicted: Int32Array, labels: number, places: Int32Array): number {
  const hits = new Int32Array(labels);
  const support = new Int32Array(labels);
  const claimed = new Int32Array(labels);
  for (const place of places) {
    const truth = expected[place]!;
    const claim = predicted[place]!;
    support[truth]!++;
    claimed[claim]!++;
    if (truth === claim) hits[truth]!++;
  }
  let sum = 0;
  let classes = 0;
  for (let label = 0; label < labels; label++) {
    if (support[label] === 0) continue;
    classes++;
    sum += (2 * hits[label]!) / (support[label]! + claimed[label]!);
  }
  return sum / classes;
}

function verdictOf(
  { before, after, difference, interval, probability }: Comparison["score"],
  rows: number,
): string {
  if (rows === 0) return "No row was scored by both, so nothing can be said.";
  const by = `${figure(before)} → ${figure(after)} (${signed(difference)}, 95 % interval ${signed(interval[0])} to ${signed(interval[1])}, ${rows} rows)`;
  if (difference === 0) return `No difference: ${by}.`;
  const direction = difference > 0 ? "better" : "worse";
  return probability < 0.05
    ? `Really ${direction}: ${by}, p = ${probability.toPrecision(2)}.`
    : `Within chance, though ${direction} on these rows: ${by}, p = ${probability.toPrecision(2)}.`;
}

const figure = (value: number) => value.toFixed(3);
const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
