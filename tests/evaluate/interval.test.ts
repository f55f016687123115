import { describe, expect, test } from "vitest";
import {
  bootstrap,
  mean,
  meanInterval,
  pairedProbability,
  quantile,
  unpairedProbability,
  wilson,
} from "../../src/evaluate/index.ts";

const ones = (count: number, of: number) => Array.from({ length: of }, (_, index) => (index < count ? 1 : 0));

describe("intervals of a mean", () => {
  // Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score, no continuity correction).
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("Wilson's for %d of %d", (successes, trials, low, high) => {
    const [found, top] = wilson(successes, trials);
    expect(found).toBeCloseTo(low, 4);
    expect(top).toBeCloseTo(high, 4);
    expect(meanInterval(ones(successes, trials))).toEqual([found, top]);
  });

  test("values that are missing do not count; without any there is none", () => {
    expect(meanInterval([1, NaN, 0])).toEqual(wilson(1, 2));
    expect(meanInterval([NaN])).toEqual([NaN, NaN]);
    expect(mean([1, NaN, 2])).toBe(1.5);
    expect(mean([])).toBeNaN();
  });

  test("the bootstrap of graded scores is near the normal interval, holds the mean and repeats", () => {
    const values = Array.from({ length: 400 }, (_, index) => ((index * 37) % 101) / 100);
    const centre = mean(values);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 399);
    const half = (1.96 * deviation) / Math.sqrt(400);
    const [low, high] = meanInterval(values);
    expect(Math.abs(low - (centre - half))).toBeLessThan(half * 0.15);
    expect(Math.abs(high - (centre + half))).toBeLessThan(half * 0.15);
    expect(meanInterval(values)).toEqual([low, high]);
  });

  test("many graded scores take the normal interval", () => {
    const values = Array.from({ length: 6000 }, (_, index) => (index % 4) / 3);
    const deviation = Math.sqrt((5 / 36 / 1) * 1 * (6000 / 5999));
    const half = (1.959964 * deviation) / Math.sqrt(6000);
    const [low, high] = meanInterval(values);
    expect(low).toBeCloseTo(0.5 - half, 6);
    expect(high).toBeCloseTo(0.5 + half, 6);
  });

  test("any statistic can be resampled", () => {
    const [low, high] = bootstrap(50, (draw) => draw.length);
    expect([low, high]).toEqual([50, 50]);
  });
});

describe("whether pairs differ", () => {
  const flips = (up: number, down: number, same = 0) => [
    ...(Array(up).fill(1) as number[]),
    ...(Array(down).fill(-1) as number[]),
    ...(Array(same).fill(0) as number[]),
  ];

  // Two-sided binomial tails by hand: 2 · Σ C(n, k) / 2ⁿ.
  test.each([
    [10, 2, (2 * (1 + 12 + 66)) / 4096],
    [5, 0, 2 / 32],
    [0, 6, 2 / 64],
    [3, 3, 1],
    [1, 0, 1],
  ])("McNemar's exact test for %d better and %d worse", (up, down, probability) => {
    expect(pairedProbability(flips(up, down, 40))).toBeCloseTo(probability, 12);
  });

  test("holds for thousands of flips", () => {
    expect(pairedProbability(flips(2500, 2500))).toBe(1);
    const z = 200 / Math.sqrt(5000);
    // The normal tail at 2.83, to two digits.
    expect(z).toBeCloseTo(2.828, 3);
    expect(pairedProbability(flips(2600, 2400))).toBeCloseTo(0.0049, 3);
  });

  test("no difference is no evidence; graded ones are tested by sign flips", () => {
    expect(pairedProbability([0, 0])).toBe(1);
    expect(pairedProbability([])).toBe(1);
    // All 8 signs of three equal gains: two of them are as far out.
    expect(pairedProbability([0.5, 0.5, 0.5])).toBeCloseTo(0.25, 1);
    const gains = Array.from({ length: 40 }, (_, index) => 0.2 + (index % 5) / 10);
    expect(pairedProbability(gains)).toBeLessThan(0.001);
    expect(pairedProbability(gains.map((gain, index) => (index % 2 ? gain : -gain)))).toBeGreaterThan(0.3);
  });

  test("very many graded ones by the normal approximation", () => {
    const small = Array.from({ length: 6000 }, (_, index) => (index % 2 ? 0.5 : -0.5));
    expect(pairedProbability(small)).toBeCloseTo(1, 6);
    const shifted = small.map((value, index) => (index < 100 ? 0.5 : value));
    // 50 more up: sum 50, standard error 0.5 · √6000 = 38.7, z = 1.29.
    expect(pairedProbability(shifted)).toBeCloseTo(0.1967, 3);
  });
});

test("quantiles are interpolated", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4], 1)).toBe(4);
  expect(quantile([], 0.5)).toBeNaN();
});

describe("probability of two means apart by chance", () => {
  test("as all permutations give it", () => {
    // Of the 20 ways to deal six values, two are as far apart.
    expect(unpairedProbability([1, 2, 3], [4, 5, 6])).toBeCloseTo(0.1, 1);
    // Hypergeometric: (11 + 495 + 495 + 11) of 184,756.
    expect(unpairedProbability(ones(1, 10), ones(8, 10))).toBeCloseTo(0.0055, 3);
    expect(unpairedProbability(ones(8, 10), ones(1, 10))).toBeCloseTo(0.0055, 3);
  });

  test("of equal means, and of nothing", () => {
    expect(unpairedProbability([1, 5], [5, 1])).toBe(1);
    expect(unpairedProbability([], [1])).toBe(1);
    expect(unpairedProbability([3, 3], [3, 3, 3])).toBe(1);
  });

  test("of many values by the normal approximation", () => {
    // z = 0.02 / sqrt(2 * 0.25 / 3000) = 1.549: 0.121, but for shares a little off one half.
    expect(unpairedProbability(ones(1470, 3000), ones(1530, 3000))).toBeCloseTo(0.121, 2);
    expect(unpairedProbability(ones(3000, 3000), ones(3000, 3000))).toBe(1);
    expect(unpairedProbability(ones(3000, 3000), ones(0, 3000))).toBe(0);
  });
});
