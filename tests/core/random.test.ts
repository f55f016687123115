import { describe, expect, test } from "vitest";
import { random } from "../../src/core/random.ts";

const take = (seed: number, count: number) => {
  const { next } = random(seed);
  return Array.from({ length: count }, next);
};

describe("random", () => {
  test("repeats itself for a seed and differs for the next one, and for its fraction", () => {
    expect(take(7, 50)).toEqual(take(7, 50));
    expect(take(7, 5)).not.toEqual(take(8, 5));
    expect(take(7, 5)).not.toEqual(take(7.5, 5));
    expect(take(-1, 5)).not.toEqual(take(1, 5));
  });

  test("keeps its stream from one version to the next, on which saved runs rely", () => {
    const { integer } = random(7);
    expect(Array.from({ length: 8 }, () => integer(1000))).toMatchInlineSnapshot(`
      [
        181,
        672,
        2,
        873,
        982,
        550,
        901,
        482,
      ]
    `);
  });

  test("fills [0, 1) evenly", () => {
    const counts = new Array<number>(10).fill(0);
    for (const number of take(1, 20_000)) counts[Math.floor(number * 10)]!++;
    // Chi-squared with 9 degrees of freedom exceeds 27.9 once in a thousand seeds; this seed is fixed.
    const chi = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chi).toBeLessThan(27.9);
  });

  test("shuffles every item to every place about equally often", () => {
    const { shuffle } = random(3);
    const firsts = [0, 0, 0, 0];
    for (let round = 0; round < 4000; round++) firsts[shuffle([0, 1, 2, 3])[0]!]!++;
    for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  test("samples without repeating and leaves its argument alone", () => {
    const items = [1, 2, 3, 4, 5];
    const drawn = random(5).sample(items, 3);
    expect(new Set(drawn).size).toBe(3);
    expect(items).toEqual([1, 2, 3, 4, 5]);
    expect(random(5).sample(items, 99)).toHaveLength(5);
  });
});
