import { expect, test } from "vitest";
import { countTokens } from "../../src/lm/index.ts";

test.each([
  ["", 0],
  ["hello world", 2],
  ["tiktoken is great!", 6],
  ["日本語", 2],
])("counts %j as o200k_base does", (text, tokens) => {
  expect(countTokens(text)).toBe(tokens);
});

test("a special token in a text is text like any other", () => {
  expect(countTokens("<|endoftext|>")).toBeGreaterThan(3);
});

test("a run without end is counted like the same run in pieces, and does not take its square", () => {
  const piece = "ab12".repeat(250);
  expect(countTokens(piece.repeat(400))).toBe(400 * countTokens(piece));
  expect(countTokens(" ".repeat(200_000))).toBeGreaterThan(0);
});
