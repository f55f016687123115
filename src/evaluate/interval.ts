import { random } from "../core/index.ts";

/** Bounds of a 95 % confidence interval. */
export type Interval = readonly [low: number, high: number];

const z = 1.959963984540054;
const resamples = 1000;
/** From here on the normal approximation is as good as resampling, and resampling would take long. */
const largeSample = 5000;

/** Mean of the values that are numbers; NaN where there are none. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of Array.from(values)) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? NaN : sum / count;
}

/**
 * 95 % interval of a mean. Wilson's score interval where all values are 0 or 1 (Wilson 1927), the percentile
 * bootstrap else (Efron 1979), seeded so that it repeats; from 5,000 values on the normal approximation.
 */
export function meanInterval(values: ArrayLike<number>): Interval {
  const present = Array.from(values).filter((value) => !Number.isNaN(value));
  if (present.length === 0) return [NaN, NaN];
  if (present.every((value) => value === 0 || value === 1)) {
    return wilson(present.filter((value) => value === 1).length, present.length);
  }
  if (present.length >= largeSample) return normalInterval(present);
  return bootstrap(present.length, (draw) => {
    let sum = 0;
    for (const index of draw) sum += present[index]!;
    return sum / draw.length;
  });
}

/** Wilson's score interval of a proportion, 95 %. */
export function wilson(successes: number, trials: number): Interval {
  if (trials === 0) return [NaN, NaN];
  const p = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/**
 * 95 % percentile bootstrap of a statistic of `size` rows: `statistic` gets the places of one resample. Seeded.
 */
export function bootstrap(size: number, statistic: (draw: Int32Array) => number): Interval {
  const generator = random(20_011);
  const draw = new Int32Array(size);
  const found = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    for (let index = 0; index < size; index++) draw[index] = generator.integer(size);
    found[round] = statistic(draw);
  }
  found.sort();
  return [quantile(found, 0.025), quantile(found, 0.975)];
}

/**
 * Probability of a mean difference at least this far from zero if the pairs did not differ, two-sided: the
 * exact sign test where all differences are -1, 0 or 1 (McNemar's test), sign flips else, seeded.
 */
export function pairedProbability(differences: readonly number[]): number {
  const changed = differences.filter((difference) => difference !== 0);
  if (changed.length === 0) return 1;
  if (changed.every((difference) => Math.abs(difference) === 1)) {
    return signTest(changed.filter((difference) => difference > 0).length, changed.length);
  }
  if (changed.length >= largeSample) {
    const standardError = Math.sqrt(changed.reduce((sum, value) => sum + value * value, 0));
    return 2 * normalTail(Math.abs(changed.reduce((sum, value) => sum + value, 0)) / standardError);
  }
  const observed = Math.abs(changed.reduce((sum, value) => sum + value, 0));
  const generator = random(40_009);
  const flips = 10_000;
  let asFar = 0;
  for (let round = 0; round < flips; round++) {
    let sum = 0;
    for (const value of changed) sum += generator.next() < 0.5 ? value : -value;
    if (Math.abs(sum) >= observed - 1e-12) asFar++;
  }
  return (asFar + 1) / (flips + 1);
}

/**
 * Probability of means at least this far apart if both samples were of one kind, two-sided: a permutation test of
 * 10,000 draws, seeded (Fisher 1935), from 5,000 values on Welch's statistic as a normal one. 1 where either is empty.
 */
export function unpairedProbability(one: readonly number[], other: readonly number[]): number {
  if (one.length === 0 || other.length === 0) return 1;
  const all = [...one, ...other];
  if (all.length >= largeSample) {
    const error = Math.hypot(...[one, other].map((values) => Math.sqrt(variance(values) / values.length)));
    const apart = Math.abs(mean(one) - mean(other));
    return apart === 0 ? 1 : 2 * normalTail(apart / error);
  }
  const sum = all.reduce((total, value) => total + value, 0);
  const apart = (part: number) => Math.abs(part / one.length - (sum - part) / other.length);
  const observed = apart(one.reduce((total, value) => total + value, 0));
  const generator = random(60_013);
  const draws = 10_000;
  let asFar = 0;
  for (let round = 0; round < draws; round++) {
    let part = 0;
    for (let place = 0; place < one.length; place++) {
      const other = place + generator.integer(all.length - place);
      [all[place], all[other]] = [all[other]!, all[place]!];
      part += all[place]!;
    }
    if (apart(part) >= observed - 1e-12) asFar++;
  }
  return (asFar + 1) / (draws + 1);
}

/** Value at fraction `at` of sorted values, interpolated. */
export function quantile(sorted: ArrayLike<number>, at: number): number {
  if (sorted.length === 0) return NaN;
  const place = at * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

function normalInterval(values: readonly number[]): Interval {
  const centre = mean(values);
  const half = z * Math.sqrt(variance(values) / values.length);
  return [centre - half, centre + half];
}

function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/** Two-sided exact binomial test of `wins` among `trials` at one half. */
function signTest(wins: number, trials: number): number {
  const tail = Math.min(wins, trials - wins);
  let logChoose = 0;
  let sum = 0;
  for (let k = 0; k <= tail; k++) {
    sum += Math.exp(logChoose - trials * Math.LN2);
    logChoose += Math.log(trials - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * sum);
}

/** Probability of a standard normal value above x >= 0: Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function normalTail(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
