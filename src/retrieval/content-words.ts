import { createRequire } from "node:module";
import { stemmer } from "stemmer";

let stopWords: ReadonlySet<string> | undefined;

/**
 * The different words of a text that say what it is about, in their order: lower case, without accents, their
 * endings taken off (Porter 1980), without English stop words. `L/H` and `N-512QX` are one word each.
 */
export function contentWords(text: string): Set<string> {
  stopWords ??= englishStopWords();
  const words = new Set<string>();
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const [word] of plain.matchAll(/[\p{L}\p{N}]+(?:[/-][\p{L}\p{N}]+)*/gu)) {
    if (word.length > 1 && !stopWords.has(word)) words.add(stemmer(word));
  }
  return words;
}

/** What questions are put with, beside the stop words of prose. */
const questionWords = [
  "any",
  "anything",
  "does",
  "doing",
  "done",
  "know",
  "show",
  "tell",
  "there",
  "when",
  "why",
];

function englishStopWords(): ReadonlySet<string> {
  const { eng } = createRequire(import.meta.url)("stopword") as { eng: readonly string[] };
  return new Set([...eng, ...questionWords]);
}
