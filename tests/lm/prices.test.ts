import { expect, test } from "vitest";
import { costOf, listPrice } from "../../src/lm/prices.ts";

const usage = { inputTokens: 1_000_000, outputTokens: 500_000, cachedTokens: 400_000, reasoningTokens: 0 };

test("a cost counts cached input at its own price", () => {
  expect(costOf(usage, { input: 2, output: 8, cachedInput: 0.5 })).toBeCloseTo(1.2 + 0.2 + 4, 9);
  expect(costOf(usage, { input: 2, output: 8 })).toBeCloseTo(6, 9);
});

test("what is not known gives null; what is free gives 0 even uncounted", () => {
  expect(costOf(usage, undefined)).toBeNull();
  expect(costOf(undefined, { input: 1, output: 1 })).toBeNull();
  expect(costOf(undefined, { input: 0, output: 0 })).toBe(0);
});

test("list prices hold for dated versions and for nothing that merely looks alike", () => {
  expect(listPrice("gpt-4o-2024-08-06")).toEqual(listPrice("gpt-4o"));
  expect(listPrice("gpt-4o")).toBeDefined();
  for (const name of ["gpt-4o-audio", "llama", "constructor", "ft:gpt-4o:me"])
    expect(listPrice(name)).toBeUndefined();
});
