import { describe, expect, test } from "vitest";
import { expectedCalibrationError, reliability } from "../../src/metrics/index.ts";

const answers = (confidence: number, right: number, wrong: number) => [
  ...Array.from({ length: right }, () => ({ confidence, correct: true })),
  ...Array.from({ length: wrong }, () => ({ confidence, correct: false })),
];

describe("expectedCalibrationError", () => {
  test("is 0 where confidence is accuracy, and their distance where it is not", () => {
    expect(expectedCalibrationError(answers(0.75, 3, 1))).toBeCloseTo(0, 12);
    expect(expectedCalibrationError(answers(1, 0, 5))).toBe(1);
    expect(expectedCalibrationError(answers(0.9, 1, 1))).toBeCloseTo(0.4, 12);
  });

  test("weighs ranges by their rows, and errors to both sides do not cancel out", () => {
    const mixed = [...answers(0.95, 1, 1), ...answers(0.15, 3, 3)];
    expect(expectedCalibrationError(mixed)).toBeCloseTo((2 * 0.45 + 6 * 0.35) / 8, 12);
    expect(expectedCalibrationError(mixed, 1)).toBeCloseTo(0.15, 12);
  });

  test("is NaN without answers", () => expect(expectedCalibrationError([])).toBeNaN());
});

describe("reliability", () => {
  test("an end of a range belongs to the range below it; empty ranges are left out", () => {
    const bins = reliability([...answers(0, 0, 1), ...answers(0.5, 1, 0), ...answers(0.51, 1, 0)], 2);
    expect(bins).toEqual([
      { from: 0, to: 0.5, rows: 2, confidence: 0.25, accuracy: 0.5 },
      { from: 0.5, to: 1, rows: 1, confidence: 0.51, accuracy: 1 },
    ]);
    expect(reliability(answers(0.95, 1, 0), 10)).toMatchObject([{ from: 0.9, to: 1 }]);
  });
});
