import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  abstains,
  abstentionFigures,
  citationPrecision,
  citationRecall,
  citationScores,
  citedIds,
  grounded,
  groundedness,
  readScore,
  ungroundedWords,
} from "../../src/metrics/index.ts";

const passages = [
  { id: "p1", text: "OIL LEAK AT ROCKER COVER", fields: { action: "REPLACED GASKET" } },
  { id: "p2", text: "TIRE WORN", fields: {} },
  { id: "p3", text: "BATTERY DEAD", fields: {} },
];
const context = { trace: [] };

describe("citations", () => {
  test("precision, recall and F1 by hand", () => {
    expect(citationScores(["p1", "p2"], ["p1", "p3", "p4"])).toEqual({
      precision: 0.5,
      recall: 1 / 3,
      f1: 0.4,
    });
    expect(citationScores(["p1", "p1"], "p1").precision).toBe(1);
  });

  test("where nothing is relevant only citing nothing is right, and else it is wrong", () => {
    expect(citationScores([], null)).toEqual({ precision: 1, recall: 1, f1: 1 });
    expect(citationScores(["p1"], "")).toEqual({ precision: 0, recall: 0, f1: 0 });
    expect(citationScores([], ["p1"])).toEqual({ precision: 0, recall: 0, f1: 0 });
  });

  test("numbers count passages from 1; ids and objects name them; what names none is invented", () => {
    expect(citedIds([1, 3, 3], passages)).toEqual({ cited: ["p1", "p3"], invented: [] });
    expect(citedIds([{ id: "p2" }, "p1"], passages)).toEqual({ cited: ["p2", "p1"], invented: [] });
    expect(citedIds([0, 4, -1, 1.5, "p9"], passages)).toEqual({
      cited: [],
      invented: [0, 4, -1, 1.5, "p9"],
    });
  });

  test("metrics count an invented citation as wrong, and say what was not cited", () => {
    const row = { relevant: "p1;p2" };
    const outputs = { citations: [1, 7], passages };
    expect(readScore(citationPrecision()(row, outputs, context))).toEqual({
      score: 0.5,
      feedback: "cited p1; relevant: p1, p2; not cited: p2; of no passage given: [7]",
    });
    expect(readScore(citationRecall()(row, outputs, context)).score).toBe(0.5);
    const refused = { citations: [], passages };
    expect(readScore(citationPrecision()({ relevant: null }, refused, context)).score).toBe(1);
  });

  test("every score lies between 0 and 1, and F1 between precision and recall", () => {
    const ids = fc.array(fc.constantFrom("a", "b", "c", "d"));
    fc.assert(
      fc.property(ids, ids, (cited, relevant) => {
        const { precision, recall, f1 } = citationScores(cited, relevant);
        for (const score of [precision, recall, f1]) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
        expect(f1).toBeLessThanOrEqual(Math.max(precision, recall) + 1e-12);
        expect(f1).toBeGreaterThanOrEqual(Math.min(precision, recall) - 1e-12);
      }),
    );
  });
});

describe("groundedness", () => {
  test("is the share of content words that stand in the passages, endings aside", () => {
    expect(groundedness("The gasket was replaced.", ["REPLACED GASKET"])).toBe(1);
    expect(groundedness("The gasket was painted blue.", ["REPLACED GASKETS"])).toBeCloseTo(1 / 3, 12);
    expect(ungroundedWords("The gasket was painted blue.", ["REPLACED GASKETS"])).toEqual(["paint", "blue"]);
    expect(groundedness("It was that.", [])).toBe(1);
    expect(groundedness("Oil leak", [])).toBe(0);
  });

  test("never falls when a passage is added", () => {
    const text = fc.array(fc.constantFrom("oil", "leak", "tire", "worn", "gasket")).map((a) => a.join(" "));
    fc.assert(
      fc.property(text, fc.array(text), text, (answer, some, more) => {
        expect(groundedness(answer, [...some, more])).toBeGreaterThanOrEqual(groundedness(answer, some));
      }),
    );
  });

  test("the metric reads cited passages only, with their fields", () => {
    const score = (citations: unknown[]) =>
      readScore(
        grounded()({}, { answer: "Leak at the rocker cover: gasket replaced", citations, passages }, context),
      );
    expect(score([1])).toEqual({ score: 1, feedback: undefined });
    expect(score([2]).score).toBe(0);
    expect(score([])).toEqual({
      score: 0,
      feedback: "in no cited passage: leak, rocker, cover, gasket, replac",
    });
  });
});

test("grounded compares passages as they are rewritten", () => {
  const outputs = {
    answer: "The alternator failed.",
    citations: [1],
    passages: [{ id: "p", text: "ALT FAILED" }],
  };
  const score = (metric: ReturnType<typeof grounded>) => readScore(metric({}, outputs, context)).score;
  expect(score(grounded())).toBe(0.5);
  expect(score(grounded({ plain: (text) => text.replace("ALT", "ALTERNATOR") }))).toBe(1);
});

describe("abstention", () => {
  test("counts the four cases and their rates", () => {
    const cases = [
      [true, true],
      [true, true],
      [true, true],
      [true, false],
      [false, false],
      [false, true],
    ].map(([answerable, answered]) => ({ answerable: answerable!, answered: answered! }));
    expect(abstentionFigures(cases)).toEqual({
      answeredRight: 3,
      refusedWrong: 1,
      refusedRight: 1,
      answeredWrong: 1,
      answerRate: 0.75,
      refusalRate: 0.5,
      balanced: 0.625,
    });
    expect(abstentionFigures([{ answerable: true, answered: true }]).refusalRate).toBeNaN();
  });

  test("the metric is right for answering what can be and refusing what cannot be answered", () => {
    const score = (answerable: unknown, answered: unknown) =>
      readScore(abstains()({ answerable }, { answered }, context)).score;
    expect([score(true, true), score("false", false), score("true", false), score(false, true)]).toEqual([
      1, 1, 0, 0,
    ]);
    expect(() => score("perhaps", true)).toThrow('"answerable" is "perhaps"');
  });
});
