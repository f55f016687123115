import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { countTokens } from "../../src/lm/index.ts";
import { chunkText } from "../../src/retrieval/ingest/index.ts";

const sentence = (name: string, words = 8) =>
  `${name} ${Array.from({ length: words }, (_, i) => `word${i}`).join(" ")}.`;

describe("chunkText", () => {
  test("leaves a short text whole, and makes nothing of nothing", () => {
    expect(chunkText("  A short text.\n")).toEqual(["A short text."]);
    expect(chunkText(" \n\t")).toEqual([]);
  });

  test("cuts where a paragraph ends, before where a sentence does", () => {
    const first = `${sentence("One")} ${sentence("Two")}`;
    const text = `${first}\n\n${sentence("Three")} ${sentence("Four")}`;
    const limit = countTokens(first) + 15;
    expect(chunkText(text, { chunkTokens: limit, overlap: 0 })[0]).toBe(first);
  });

  test("cuts where a sentence ends, where no paragraph does", () => {
    const text = [1, 2, 3, 4, 5, 6].map((number) => sentence(`S${number}`)).join(" ");
    const chunks = chunkText(text, { chunkTokens: 60, overlap: 0 });
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk).toMatch(/^S\d.*\.$/s);
    expect(chunks.join(" ")).toBe(text);
  });

  test("repeats the last sentence where it fits the overlap, else the last words", () => {
    const text = [1, 2, 3, 4, 5, 6].map((number) => sentence(`S${number}`)).join(" ");
    const [first, second] = chunkText(text, { chunkTokens: 80, overlap: 30 });
    const last = first!.slice(first!.lastIndexOf("S"));
    expect(second!.startsWith(last)).toBe(true);
    const [one, two] = chunkText(text, { chunkTokens: 80, overlap: 6 });
    expect(two!.startsWith("S")).toBe(false);
    expect(one!.endsWith(two!.slice(0, two!.indexOf(".") + 1))).toBe(true);
  });

  test("cuts text without spaces: Japanese at a sentence, a run of letters anywhere", () => {
    const chunks = chunkText("エンジンから油が漏れています。".repeat(20), { chunkTokens: 60, overlap: 0 });
    for (const chunk of chunks) expect(chunk).toMatch(/^エンジン.*。$/s);
    expect(chunkText("x".repeat(5000), { chunkTokens: 50, overlap: 0 }).join("")).toBe("x".repeat(5000));
  });

  test("space without end, before and after words, takes no time to speak of", () => {
    const space = " \n".repeat(300_000);
    expect(chunkText(`${space}a${space}`)).toEqual(["a"]);
  });

  test("chunks are pieces of the text, within the limit, that leave nothing out and always go on", () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9.,!?äß日本語/-]{1,12}$/);
    const space = fc.constantFrom(" ", " ", " ", "  ", "\n", "\n\n", ". ", "\t");
    const text = fc.array(fc.tuple(word, space), { maxLength: 200 }).map((parts) => parts.flat().join(""));
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 20, max: 80 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (input, chunkTokens, share) => {
          const overlap = Math.floor(chunkTokens * share);
          let from = 0;
          let covered = 0;
          for (const chunk of chunkText(input, { chunkTokens, overlap })) {
            // The same words may stand there before.
            const at = input.indexOf(chunk, Math.max(from, covered - chunk.length + 1));
            expect(at).toBeGreaterThanOrEqual(0);
            expect(input.slice(covered, Math.max(covered, at)).trim()).toBe("");
            expect(at + chunk.length).toBeGreaterThan(covered);
            // Words are counted one by one: together they can only take fewer tokens, but for a word beyond the limit.
            expect(countTokens(chunk)).toBeLessThanOrEqual(chunkTokens + 24);
            from = at + 1;
            covered = at + chunk.length;
          }
          expect(input.slice(covered).trim()).toBe("");
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([{ chunkTokens: 5 }, { chunkTokens: 30.5 }, { overlap: -1 }, { chunkTokens: 40, overlap: 30 }])(
    "refuses sizes that cannot be: %j",
    (options) => expect(() => chunkText("a", options)).toThrow(ConfigurationError),
  );
});
