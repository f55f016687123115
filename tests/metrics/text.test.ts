import { describe, expect, test } from "vitest";
import {
  tokenF1,
  hotpotF1Score,
  normalizeText,
  passageMatch,
  passagesHold,
  readScore,
  f1Score,
  precisionScore,
} from "../../src/metrics/index.ts";

const context = { trace: [] };

test("articles are whole words in any script", () => {
  expect(normalizeText("the theatre, an Anøa")).toBe("theatre anøa");
  expect(normalizeText("an Öl-Fleck, a łódź")).toBe("ölfleck łódź".normalize("NFD"));
});

describe("word overlap", () => {
  test("F1 counts a repeated word as often as both have it", () => {
    // Shared 2 of 3 said and of 4 wanted: 2 · (2/3 · 1/2) / (2/3 + 1/2) = 4/7.
    expect(f1Score("red red blue", "red blue green yellow")).toBeCloseTo(4 / 7, 12);
    expect(precisionScore("red red blue", "red blue green yellow")).toBeCloseTo(2 / 3, 12);
    expect(f1Score("", "")).toBe(0);
  });

  test("HotpotQA's F1 gives nothing for a share of yes or no", () => {
    expect(f1Score("yes indeed", "yes")).toBeGreaterThan(0);
    expect(hotpotF1Score("yes indeed", "yes")).toBe(0);
    expect(hotpotF1Score("Yes!", "yes")).toBe(1);
  });

  test("as a metric it takes the best of several answers and says what it wanted", () => {
    const metric = tokenF1("answer");
    expect(readScore(metric({ answer: ["x", "red car"] }, { answer: "red" }, context))).toEqual({
      score: 2 / 3,
      feedback: 'expected ["x","red car"], got "red"',
    });
    expect(readScore(metric({ answer: "red" }, { answer: "RED" }, context)).feedback).toBeUndefined();
  });
});

describe("passages", () => {
  test("hold an answer as a run of whole words", () => {
    expect(passagesHold(["nothing", "The rocker cover leaked."], ["Rocker Cover"])).toBe(true);
    expect(passagesHold(["rockers covered"], ["rocker cover"])).toBe(false);
    expect(passagesHold(["cover, rocker"], ["rocker cover"])).toBe(false);
    expect(passagesHold([], ["x"])).toBe(false);
  });

  test("as a metric over columns and outputs of any name", () => {
    const metric = passageMatch("label", "passages");
    expect(readScore(metric({ label: "seal" }, { passages: ["the seal"] }, context)).score).toBe(1);
    expect(readScore(metric({ label: ["gasket", "o"] }, { passages: ["the seal"] }, context))).toEqual({
      score: 0,
      feedback: 'none of the 1 passages holds "gasket" or "o"',
    });
    expect(() => metric({ lable: "seal" }, { passages: [] }, context)).toThrow('did you mean "lable"');
  });
});
