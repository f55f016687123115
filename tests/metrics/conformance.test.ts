import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  hotpotF1Score,
  normalizeText,
  passagesHold,
  sameText,
  f1Score,
  precisionScore,
} from "../../src/metrics/index.ts";

interface Facts {
  normalize: { text: string; normalized: string }[];
  pairs: {
    prediction: string;
    answers: string[];
    exactMatch: boolean;
    f1: number;
    hotpotF1: number;
    precision: number;
  }[];
  passages: { answer: string; context: string[]; match: boolean }[];
}

const place = new URL("../../../shared/conformance/metrics.json", import.meta.url);
const here = existsSync(place);
if (!here) console.log("skipped: the recorded facts (../shared/conformance/metrics.json) are not here");

describe.skipIf(!here)("figures carry over from DSPy", () => {
  const facts = (here ? JSON.parse(readFileSync(place, "utf8")) : {}) as Facts;
  const best = (
    score: (prediction: string, answer: string) => number,
    prediction: string,
    answers: string[],
  ) => Math.max(...answers.map((answer) => score(prediction, answer)));

  test("normalisation", () => {
    expect(facts.normalize.length).toBeGreaterThan(0);
    for (const { text, normalized } of facts.normalize) expect(normalizeText(text), text).toBe(normalized);
  });

  test("exact match, F1, HotpotQA's F1 and precision", () => {
    expect(facts.pairs.length).toBeGreaterThan(0);
    for (const { prediction, answers, ...expected } of facts.pairs) {
      const name = JSON.stringify({ prediction, answers });
      expect(
        answers.some((answer) => sameText(prediction, answer)),
        name,
      ).toBe(expected.exactMatch);
      expect(best(f1Score, prediction, answers), name).toBeCloseTo(expected.f1, 9);
      expect(best(hotpotF1Score, prediction, answers), name).toBeCloseTo(expected.hotpotF1, 9);
      expect(precisionScore(prediction, answers[0]!), name).toBeCloseTo(expected.precision, 9);
    }
  });

  test("passage match", () => {
    expect(facts.passages.length).toBeGreaterThan(0);
    for (const { answer, context, match } of facts.passages) {
      expect(passagesHold(context, [answer]), JSON.stringify({ answer, context })).toBe(match);
    }
  });
});
