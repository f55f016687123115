import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  hitRateAt,
  mrrAt,
  ndcg,
  ndcgAt,
  precisionAt,
  rankedHit,
  rankedPrecision,
  rankedRecall,
  readScore,
  recallAt,
  reciprocalRank,
} from "../../src/metrics/index.ts";

const ranked = ["d", "a", "x", "b", "y"];
const relevant = ["a", "b", "c"];

describe("figures of a ranking", () => {
  test("by hand", () => {
    expect(rankedRecall(ranked, relevant, 5)).toBeCloseTo(2 / 3, 12);
    expect(rankedRecall(ranked, relevant, 2)).toBeCloseTo(1 / 3, 12);
    expect(rankedPrecision(ranked, relevant, 5)).toBeCloseTo(2 / 5, 12);
    expect(rankedPrecision(ranked, relevant, 2)).toBe(0.5);
    expect([rankedHit(ranked, relevant, 1), rankedHit(ranked, relevant, 2)]).toEqual([0, 1]);
    expect([reciprocalRank(ranked, relevant, 5), reciprocalRank(ranked, relevant, 1)]).toEqual([0.5, 0]);
    const gained = 1 / Math.log2(3) + 1 / Math.log2(5);
    const best = 1 + 1 / Math.log2(3) + 1 / Math.log2(4);
    expect(ndcg(ranked, relevant, 5)).toBeCloseTo(gained / best, 12);
  });

  test("nDCG reads grades: Järvelin and Kekäläinen's linear gain", () => {
    const grades = { a: 3, b: 2, c: 0, d: 1 };
    const gained = 1 + 3 / Math.log2(3) + 2 / Math.log2(5);
    const best = 3 + 2 / Math.log2(3) + 1 / Math.log2(4);
    expect(ndcg(ranked, grades, 5)).toBeCloseTo(gained / best, 12);
    expect(ndcg(["a", "b", "d"], grades, 3)).toBe(1);
    expect(rankedRecall(["c"], grades, 1)).toBe(0);
  });

  test("ids stand in a text too, apart by semicolons", () => {
    expect(rankedRecall(ranked, "a; b;c", 5)).toBeCloseTo(2 / 3, 12);
    expect(rankedRecall(ranked, "", 5)).toBeNaN();
    expect(rankedHit(ranked, null, 5)).toBeNaN();
  });

  test("a document ranked twice counts once and takes two places; empty places are no precision", () => {
    expect(rankedPrecision(["a", "a", "b"], relevant, 3)).toBeCloseTo(2 / 3, 12);
    expect(rankedRecall(["a", "a", "b"], relevant, 2)).toBeCloseTo(1 / 3, 12);
    expect(rankedPrecision(["a"], relevant, 10)).toBe(0.1);
  });

  test("k must be a whole number of at least 1, a grade at least 0", () => {
    expect(() => rankedRecall(ranked, relevant, 0)).toThrow("invalid k: 0");
    expect(() => ndcg(ranked, relevant, 1.5)).toThrow("invalid k: 1.5");
    expect(() => ndcg(ranked, { a: -1 }, 1)).toThrow('the grade of "a" is -1');
  });

  const ids = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map(String), { minLength: 1, maxLength: 20 });
  test("all lie between 0 and 1; recall and hits never fall as k grows; the best order has nDCG 1", () => {
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 25 }), (order, wanted, k) => {
        const figures = [rankedRecall, rankedPrecision, rankedHit, reciprocalRank, ndcg];
        for (const figure of figures) {
          const value = figure(order, wanted, k);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
        for (const figure of [rankedRecall, rankedHit, reciprocalRank]) {
          expect(figure(order, wanted, k + 1)).toBeGreaterThanOrEqual(figure(order, wanted, k));
        }
        expect(ndcg([...wanted, ...order], wanted, k)).toBeCloseTo(1, 12);
      }),
    );
  });

  test("moving a relevant document up raises nDCG", () => {
    fc.assert(
      fc.property(ids, fc.nat(), (order, at) => {
        const place = 1 + (at % Math.max(1, order.length - 1));
        if (place >= order.length) return;
        const up = [...order];
        [up[place - 1], up[place]] = [up[place]!, up[place - 1]!];
        const wanted = [order[place]!];
        expect(ndcg(up, wanted, 20)).toBeGreaterThan(ndcg(order, wanted, 20));
      }),
    );
  });
});

describe("retrieval metrics", () => {
  const row = { relevant: "a;b;c" };
  const outputs = { passages: ranked.map((id) => ({ id, text: id })) };
  const score = (metric: ReturnType<typeof recallAt>) => readScore(metric(row, outputs, { trace: [] }));

  test("read a table's ids and a program's passages, and name what is missing", () => {
    expect(score(recallAt(2))).toEqual({
      score: 1 / 3,
      feedback: "1 of 3 relevant documents are among the first 2; missing: b, c",
    });
    expect(score(precisionAt(2)).score).toBe(0.5);
    expect(score(hitRateAt(1)).score).toBe(0);
    expect(score(mrrAt(5)).score).toBe(0.5);
    expect(score(ndcgAt(5)).score).toBeCloseTo(ndcg(ranked, relevant, 5), 12);
    expect(recallAt(10).label).toBe("recall at 10");
  });

  test("take ids and other names", () => {
    const metric = recallAt(3, { relevant: "gold", retrieved: "ids" });
    expect(readScore(metric({ gold: ["a"] }, { ids: ["a"] }, { trace: [] })).score).toBe(1);
  });

  test("refuse what cannot be scored, naming it", () => {
    const metric = recallAt(3);
    const run = (some: object, given: object) => () => metric(some, given, { trace: [] });
    expect(run({ relevant: null }, outputs)).toThrow("a row has no relevant documents");
    expect(run({ relevents: "a" }, outputs)).toThrow('did you mean "relevents"?');
    expect(run(row, { passages: [{ text: "no id" }] })).toThrow("which has no id");
    expect(run(row, { passages: "a" })).toThrow("expected a list of passages or ids");
  });
});
