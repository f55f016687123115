import { describe, expect, test } from "vitest";
import { contentWords, searchedText, wordShare } from "../../src/retrieval/index.ts";

describe("contentWords", () => {
  test("are what a text is about: lower case, without accents, endings and stop words, marks as one word", () => {
    expect([...contentWords("When did the L/H Cylinders of the Citroën leak? Leaking!")]).toEqual([
      "l/h",
      "cylind",
      "citroen",
      "leak",
    ]);
  });
});

describe("wordShare", () => {
  const asked = contentWords("oil leak at the rocker cover");

  test("is the share of different words that a text holds, in whatever form", () => {
    expect(wordShare(asked, "ROCKER COVERS LEAKING")).toBe(3 / 4);
    expect(wordShare(asked, "oil, oil, oil")).toBe(1 / 4);
    expect(wordShare(asked, "")).toBe(0);
  });

  test("is 0 of no words, not undefined", () => {
    expect(wordShare(contentWords("what is it?"), "anything")).toBe(0);
  });
});

test("searchedText is the text and what the fields say; what is missing, true or false says nothing", () => {
  const fields = { aircraft: "QL-GUS", hours: 1520.5, part: null, grounded: true };
  expect(searchedText({ text: "OIL LEAK", fields })).toBe("OIL LEAK\nQL-GUS\n1520.5");
});
