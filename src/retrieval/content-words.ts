import { createRequire } from "node:module";

/** The stop words of English, and what takes the ending off a word. */
interface English {
  readonly stopWords: ReadonlySet<string>;
  readonly stem: (word: string) => string;
}

let english: English | undefined;

/**
 * The different words of a text that say what it is about, in their order: lower case, without accents, their
 * endings taken off (Porter 1980), without English stop words. `L/H` and `N-512QX` are one word each.
 */
export function contentWords(text: string): Set<string> {
  english ??= load();
  const words = new Set<string>();
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const [word] of plain.matchAll(/[\p{L}\p{N}]+(?:[/-][\p{L}\p{N}]+)*/gu)) {
    if (word.length > 1 && !english.stopWords.has(word)) words.add(english.stem(word));
  }
  return words;
}

/** Share of the words, as {@link contentWords} gives them, that a text holds: 0 to 1, and 0 of none. */
export function wordShare(words: ReadonlySet<string>, text: string): number {
  const held = contentWords(text);
  return words.size === 0 ? 0 : [...words].filter((word) => held.has(word)).length / words.size;
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

/** Loaded on use: importing lmframe loads no package. */
function load(): English {
  const require = createRequire(import.meta.url);
  const { eng } = require("stopword") as { eng: readonly string[] };
  const { stemmer } = require("stemmer") as { stemmer: (word: string) => string };
  return { stopWords: new Set([...eng, ...questionWords]), stem: stemmer };
}
