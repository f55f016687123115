import { describe, expect, test } from "vitest";
import { ConfusionMatrix, noAnswer } from "../../src/metrics/index.ts";

describe("ConfusionMatrix", () => {
  const expected = ["a", "a", "a", "b", "b", "c"];
  const matrix = ConfusionMatrix.of(expected, ["a", "a", "b", "b", undefined, "a"]);

  test("counts, with missing answers apart and last", () => {
    expect(matrix.labels).toEqual(["a", "b", "c", noAnswer]);
    expect(matrix.count("a", "b")).toBe(1);
    expect(matrix.count("b", noAnswer)).toBe(1);
    expect(matrix.accuracy()).toBe(0.5);
  });

  test("figures by class, computed by hand", () => {
    expect(matrix.classes()).toEqual([
      { label: "a", support: 3, predicted: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
      { label: "b", support: 2, predicted: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      { label: "c", support: 1, predicted: 0, precision: 0, recall: 0, f1: 0 },
    ]);
    expect(matrix.macroF1()).toBeCloseTo((2 / 3 + 1 / 2) / 3, 12);
  });

  test("a label that was only predicted is no class of its own", () => {
    expect(ConfusionMatrix.of(["a", "a"], ["a", "z"]).macroF1()).toBeCloseTo(2 / 3, 12);
  });

  test("lists of different lengths are refused; no rows give no figures", () => {
    expect(() => ConfusionMatrix.of(["a"], [])).toThrow(RangeError);
    expect(new ConfusionMatrix().macroF1()).toBeNaN();
  });
});
