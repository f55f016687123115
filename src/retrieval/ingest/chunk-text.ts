import { ConfigurationError } from "../../core/index.ts";
import { countTokens } from "../../lm/index.ts";

/** How a text is cut into chunks. */
export interface ChunkOptions {
  /**
   * Tokens of a chunk at most, as {@link countTokens} counts; at least 20. Default 200: the built-in embedder reads
   * 254 of its own, which are a little shorter.
   */
  readonly chunkTokens?: number | undefined;
  /** Tokens at most that a chunk repeats of the end of the one before it. Default 40, at most half a chunk. */
  readonly overlap?: number | undefined;
}

/** {@link ChunkOptions} with defaults. */
export type ChunkSizes = Readonly<Record<keyof ChunkOptions, number>>;

/** A word with the space before it, as tokens are cut; a longer run is several. */
interface Word {
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
  /** How good a place it is to cut before this word: 3 a new paragraph, 2 a new sentence, 1 a new word, 0 within one. */
  readonly breach: number;
}

/**
 * Cuts a text into chunks, each a piece of it as it stands. A chunk ends with a paragraph where one ends in its
 * second half, else with a sentence, else with a word, and the next one begins a little before that, where a sentence
 * begins there or else a word. A text of nothing but space has no chunk.
 */
export function chunkText(text: string, options: ChunkOptions = {}): string[] {
  return cutText(text, checkChunks(options));
}

/** {@link chunkText} with sizes that were checked. */
export function cutText(text: string, { chunkTokens, overlap }: ChunkSizes): string[] {
  const words = wordsOf(text);
  const chunks: string[] = [];
  for (let first = 0; first < words.length;) {
    const full = fill(words, first, chunkTokens);
    const end = full === words.length ? full : cutBefore(words, first, full);
    chunks.push(text.slice(words[first]!.start, words[end - 1]!.end).trim());
    if (end === words.length) break;
    first = resume(words, first, end, overlap);
  }
  return chunks;
}

/** The options with their defaults. Throws ConfigurationError for sizes that cannot be. */
export function checkChunks({ chunkTokens = 200, overlap }: ChunkOptions): ChunkSizes {
  if (!(Number.isInteger(chunkTokens) && chunkTokens >= 20))
    throw new ConfigurationError(
      `invalid chunkTokens: ${chunkTokens}, expected a whole number of at least 20`,
    );
  const repeated = overlap ?? Math.min(40, Math.floor(chunkTokens / 2));
  if (!(Number.isInteger(repeated) && repeated >= 0 && repeated <= chunkTokens / 2))
    throw new ConfigurationError(`invalid overlap: ${overlap}, expected 0 to half of chunkTokens`);
  return { chunkTokens, overlap: repeated };
}

// Chinese and Japanese are written without spaces: each of their characters may end a chunk.
const unspaced = String.raw`\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}`;
const wordForm = new RegExp(String.raw`\s*(?:[${unspaced}]|[^\s${unspaced}]{1,24})`, "gu");
const paragraph = /\n[^\S\n]*\n/;
const sentenceEnd = /[.!?…]["'”’)\]]*$/u;
const unspacedEnd = /[。！？]$/u;

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let before = "";
  for (const { 0: word, index } of text.matchAll(wordForm)) {
    const space = /^\s*/.exec(word)![0];
    const ended = unspacedEnd.test(before) || (space !== "" && sentenceEnd.test(before));
    const breach = paragraph.test(space) ? 3 : ended ? 2 : space !== "" ? 1 : 0;
    words.push({ start: index, end: index + word.length, tokens: countTokens(word), breach });
    before = word;
  }
  return words;
}

/** The end of the longest run of words from `first` that fits: at least one word. */
function fill(words: readonly Word[], first: number, limit: number): number {
  let tokens = 0;
  let end = first;
  while (end < words.length && (end === first || tokens + words[end]!.tokens <= limit)) {
    tokens += words[end++]!.tokens;
  }
  return end;
}

/** The best and last place to cut in the second half of a chunk that is `full`. */
function cutBefore(words: readonly Word[], first: number, full: number): number {
  let cut = full;
  for (let place = full - 1; place > first + (full - first) / 2; place--) {
    if (words[place]!.breach > words[cut]!.breach) cut = place;
  }
  return cut;
}

/** Where the next chunk begins: with the first sentence that begins within the overlap, else the first word, else none. */
function resume(words: readonly Word[], first: number, end: number, overlap: number): number {
  let tokens = 0;
  let next = end;
  for (let place = end - 1; place > first; place--) {
    tokens += words[place]!.tokens;
    if (tokens > overlap) break;
    const { breach } = words[place]!;
    const best = next === end ? 0 : words[next]!.breach;
    if (breach > 0 && (breach >= best || best < 2)) next = place;
  }
  return next;
}
