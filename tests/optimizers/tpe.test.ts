import { describe, expect, test } from "vitest";
import { random } from "../../src/core/index.ts";
import { type Choice, Tpe } from "../../src/optimizers/tpe.ts";

/** The best value found in so many trials. */
function search(sizes: number[], value: (choice: Choice) => number, trials: number, seed: number): number {
  const tpe = new Tpe(sizes, random(seed));
  let best = -Infinity;
  for (let trial = 0; trial < trials; trial++) {
    const choice = tpe.suggest();
    tpe.observe(choice, value(choice));
    best = Math.max(best, value(choice));
  }
  return best;
}

/** The same with even draws. */
function guess(sizes: number[], value: (choice: Choice) => number, trials: number, seed: number): number {
  const draw = random(seed);
  return Math.max(...Array.from({ length: trials }, () => value(sizes.map((size) => draw.integer(size)))));
}

const seeds = Array.from({ length: 20 }, (_, seed) => seed);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("TPE", () => {
  test("finds better choices than even draws do", () => {
    const sizes = [8, 8, 8, 8];
    const target = [3, 5, 0, 7];
    const value = (choice: Choice) => choice.filter((place, index) => place === target[index]).length;
    const found = mean(seeds.map((seed) => search(sizes, value, 80, seed)));
    const guessed = mean(seeds.map((seed) => guess(sizes, value, 80, seed)));
    expect(found).toBeGreaterThan(guessed + 0.8);
  });

  test("learns what only works in company", () => {
    // Each variable alone says nothing: any place of the one is as good as its partner in the other. By chance
    // one choice of ten is right.
    const value = ([a, b]: Choice) => (a === b ? 1 : 0);
    const right = seeds.flatMap((seed) => {
      const tpe = new Tpe([10, 10], random(seed));
      return Array.from({ length: 100 }, () => {
        const choice = tpe.suggest();
        tpe.observe(choice, value(choice));
        return value(choice);
      }).slice(60);
    });
    expect(mean(right)).toBeGreaterThan(0.3);
  });

  test("draws evenly until it has seen enough, and never outside its variables", () => {
    const tpe = new Tpe([1, 3], random(2), { startup: 30 });
    const seen = new Set<string>();
    for (let trial = 0; trial < 60; trial++) {
      const choice = tpe.suggest();
      expect(choice[0]).toBe(0);
      if (trial < 30) seen.add(choice.join());
      tpe.observe(choice, choice[1]!);
    }
    expect(seen.size).toBe(3);
  });

  test("a value that is not known tells nothing", () => {
    const tpe = new Tpe([4], random(3), { startup: 1 });
    tpe.observe([2], NaN);
    const same = new Tpe([4], random(3), { startup: 1 });
    expect(tpe.suggest()).toEqual(same.suggest());
  });

  test("the same numbers give the same search", () => {
    const value = ([a, b]: Choice) => a! * b!;
    const run = () => {
      const tpe = new Tpe([5, 5], random(9));
      return Array.from({ length: 30 }, () => {
        const choice = tpe.suggest();
        tpe.observe(choice, value(choice));
        return choice;
      });
    };
    expect(run()).toEqual(run());
  });
});
