import fc from "fast-check";
import { expect, test } from "vitest";
import { cohenKappa, pearson, spearman } from "../../src/metrics/index.ts";

test("Pearson and Spearman by hand", () => {
  expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
  expect(pearson([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8, 12);
  expect(spearman([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1, 12);
  // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
  expect(spearman([10, 20, 20, 30], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  expect(pearson([3, 3, 3], [1, 2, 3])).toBe(0);
});

test("Cohen's kappa by hand", () => {
  // Agreement 3 of 4; by chance 1/2.
  expect(cohenKappa([1, 1, 2, 2], [1, 1, 2, 1])).toBeCloseTo(0.5, 12);
  // Cost 1/4 of a square; by chance 10/4: quadratic weights forgive a near miss.
  expect(cohenKappa([1, 2, 3, 4], [1, 2, 3, 3], "quadratic")).toBeCloseTo(1 - 0.25 / 2, 12);
  expect(cohenKappa([1, 2], [2, 1])).toBe(-1);
  expect(cohenKappa([4, 4], [4, 4])).toBe(0);
});

test("kappa and correlations are 1 for a rater that varies against itself, symmetric, and within -1 and 1", () => {
  const scores = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })), {
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(scores, (pairs) => {
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      for (const figure of [
        pearson,
        spearman,
        (x: number[], y: number[]) => cohenKappa(x, y),
        (x: number[], y: number[]) => cohenKappa(x, y, "quadratic"),
      ]) {
        expect(figure(a, b)).toBeCloseTo(figure(b, a), 9);
        expect(Math.abs(figure(a, b))).toBeLessThanOrEqual(1 + 1e-9);
        if (new Set(a).size > 1) expect(figure(a, a)).toBeCloseTo(1, 9);
      }
    }),
  );
});

test("lists of different lengths are refused", () => {
  expect(() => pearson([1], [])).toThrow(RangeError);
  expect(() => cohenKappa([1], [])).toThrow(RangeError);
});
