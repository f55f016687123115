import { describe, expect, test } from "vitest";
import { ConfigurationError, DataError } from "../../src/core/index.ts";
import { exactMatch, type Metric, readScore } from "../../src/metrics/index.ts";

const context = { trace: [] };
const score = (metric: Metric<object, never>, row: object, outputs: object) =>
  readScore(metric(row, outputs as never, context));

describe("exactMatch", () => {
  const match = exactMatch("answer");

  test("names itself and the field it compares; several fields are no single one", () => {
    expect(match.label).toBe("exact match of answer");
    expect(match.field).toBe("answer");
    expect(exactMatch("a", "b").field).toBeUndefined();
  });

  test("texts are compared without case, punctuation and articles; feedback tells what was wrong", () => {
    expect(score(match, { answer: "The Seal." }, { answer: "seal" })).toEqual({
      score: 1,
      feedback: undefined,
    });
    expect(score(match, { answer: "negative" }, { answer: "neutral" })).toEqual({
      score: 0,
      feedback: 'expected "negative", got "neutral"',
    });
  });

  test("a list of texts holds alternatives for a text, and is compared whole with a list", () => {
    expect(score(match, { answer: ["a cat", "felis"] }, { answer: "Cat!" }).score).toBe(1);
    expect(score(match, { answer: ["x", "y"] }, { answer: ["x", "y"] }).score).toBe(1);
    expect(score(match, { answer: ["x", "y"] }, { answer: ["y", "x"] }).score).toBe(0);
  });

  test.each([
    [3, "3", 1],
    ["3.0", 3, 1],
    [true, "True", 1],
    ["false", false, 1],
    ["", 0, 0],
    [null, null, 1],
    [null, "x", 0],
    [{ a: [1] }, { a: [1] }, 1],
    [1, 2, 0],
  ])("row %j against output %j scores %d", (expected, found, wanted) => {
    expect(score(match, { answer: expected }, { answer: found }).score).toBe(wanted);
  });

  test("several fields must all match, and feedback names those that do not", () => {
    const both = exactMatch("sentiment", "urgency");
    const row = { sentiment: "low", urgency: 2 };
    expect(score(both, row, { sentiment: "Low", urgency: 2 }).score).toBe(1);
    expect(score(both, row, { sentiment: "high", urgency: 1 })).toEqual({
      score: 0,
      feedback: 'sentiment: expected "low", got "high"; urgency: expected 2, got 1',
    });
  });

  test("a name that is not there is an error with the nearest one, never a score of 0", () => {
    const typo = exactMatch("sentimnt");
    expect(() => score(typo, { sentiment: "x" }, { sentimnt: "x" })).toThrow(DataError);
    expect(() => score(typo, { sentiment: "x" }, { sentimnt: "x" })).toThrow('did you mean "sentiment"');
    expect(() => score(typo, { sentimnt: "x" }, { sentiment: "x" })).toThrow(ConfigurationError);
  });

  test("the checker finds a field that the program does not give", () => {
    type Wanted = Metric<Record<string, unknown>, { sentiment: string }>;
    const right: Wanted = exactMatch("sentiment");
    // @ts-expect-error the program has no such output
    const wrong: Wanted = exactMatch("sentimnt");
    const dynamic: Metric<Record<string, unknown>, Record<string, unknown>> = exactMatch("anything");
    expect([right, wrong, dynamic].map((metric) => typeof metric)).toEqual(Array(3).fill("function"));
  });
});

describe("readScore", () => {
  test("takes booleans, numbers and scores with feedback", () => {
    expect(readScore(true)).toEqual({ score: 1, feedback: undefined });
    expect(readScore(0.25)).toEqual({ score: 0.25, feedback: undefined });
    expect(readScore({ score: false, feedback: "why" })).toEqual({ score: 0, feedback: "why" });
  });

  test.each([undefined, null, NaN, "1", {}, { score: "x" }])("refuses %j", (value) => {
    expect(() => readScore(value)).toThrow(/invalid score/);
  });
});
