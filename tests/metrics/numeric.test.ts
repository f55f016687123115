import { describe, expect, test } from "vitest";
import { DataError } from "../../src/core/index.ts";
import {
  closeness,
  meanAbsoluteError,
  meanSquaredError,
  normalizedSquaredError,
  readScore,
} from "../../src/metrics/index.ts";

describe("errors over lists", () => {
  const expected = [1, 5, 3];

  test("by hand", () => {
    expect(meanAbsoluteError(expected, [2, 5, 1])).toBe(1);
    expect(meanSquaredError(expected, [2, 5, 1])).toBeCloseTo(5 / 3, 12);
    expect(normalizedSquaredError(expected, [2, 5, 1], [1, 5])).toBeCloseTo((100 * 5) / 3 / 16, 12);
  });

  test("a missing prediction is wrong by the whole scale, and needs one", () => {
    expect(meanSquaredError(expected, [1, undefined, 3], [1, 5])).toBeCloseTo(16 / 3, 12);
    expect(normalizedSquaredError([1], [null], [1, 5])).toBe(100);
    expect(() => meanAbsoluteError(expected, [1, NaN, 3])).toThrow("give the scale");
  });

  test("lists of different lengths and an empty scale are refused", () => {
    expect(() => meanSquaredError([1], [])).toThrow(RangeError);
    expect(() => normalizedSquaredError([1], [1], [5, 5])).toThrow("low below high");
  });
});

describe("closeness", () => {
  const metric = closeness("grade", { range: [1, 5] });
  const score = (expected: unknown, found: unknown) =>
    readScore(metric({ grade: expected }, { grade: found }, { trace: [] }));

  test("falls with the square of the gap and tells its direction", () => {
    expect(score(3, 3)).toEqual({ score: 1, feedback: undefined });
    expect(score(3, 5)).toEqual({ score: 0.75, feedback: "2 too high: expected 3, got 5" });
    expect(score(5, 1)).toEqual({ score: 0, feedback: "4 too low: expected 5, got 1" });
  });

  test("is never below 0, and 1 less its mean is the normalised squared error", () => {
    expect(score(5, -40).score).toBe(0);
    const [expected, predicted] = [
      [1, 4, 5],
      [2, 2, 5],
    ] as const;
    const mean =
      expected.reduce<number>((sum, value, row) => sum + score(value, predicted[row]).score, 0) / 3;
    expect(100 * (1 - mean)).toBeCloseTo(normalizedSquaredError(expected, predicted, [1, 5]), 9);
  });

  test("a row without a number on the scale is a fault in the data, which names column and row", () => {
    const found = (expected: unknown) => () =>
      metric({ id: "a7", grade: expected }, { grade: 3 }, { trace: [] });
    for (const missing of [null, "", " "]) {
      expect(found(missing)).toThrow(DataError);
      expect(found(missing)).toThrow(/^column "grade": a row has no value.*id: 'a7'/);
    }
    expect(found("good")).toThrow(/"grade" is compared as a number from 1 to 5; a row holds 'good': .*'a7'/);
    for (const wrong of [0, 6, "5.5"]) expect(found(wrong)).toThrow(DataError);
    expect(found(6)).toThrow("a row holds 6, which is off the scale");
    expect(() => metric({ grade: 6, text: "x".repeat(999) }, { grade: 3 }, { trace: [] })).toThrow(/x…;/);
  });

  test("a number may be written as text, as in files", () => {
    expect(score("4", "4").score).toBe(1);
  });

  test("no number is the lowest score, and not a 0", () => {
    for (const found of [null, "", "many", NaN, []]) expect(score(1, found).score).toBe(0);
    expect(score(1, null).feedback).toBe("no number: expected 1, got null");
    const around = closeness("grade", { range: [-1, 1] });
    expect(readScore(around({ grade: 0 }, { grade: null }, { trace: [] })).score).toBe(0);
  });
});
