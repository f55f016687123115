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
  return [...cutText(text, checkChunks(options))];
}

/** {@link chunkText} with sizes that were checked, one chunk after another; words are held for one of them. */
export function* cutText(text: string, { chunkTokens, overlap }: ChunkSizes): Generator<string, void> {
  let words: Word[] = [];
  let tokens = 0;
  for (const word of wordsOf(text)) {
    words.push(word);
    tokens += word.tokens;
    while (tokens > chunkTokens && words.length > 1) {
      const end = cutBefore(words, fill(words, chunkTokens));
      yield piece(text, words, end);
      words = words.slice(resume(words, end, overlap));
      tokens = words.reduce((sum, each) => sum + each.tokens, 0);
    }
  }
  if (words.length > 0) yield piece(text, words, words.length);
}

function piece(text: string, words: readonly Word[], end: number): string {
  return text.slice(words[0]!.start, words[end - 1]!.end).trim();
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

function* wordsOf(text: string): Generator<Word, void> {
  let before = "";
  // Without its end: space that no word follows would be tried from each of its places.
  for (const { 0: word, index } of text.trimEnd().matchAll(wordForm)) {
    const space = /^\s*/.exec(word)![0];
    const ended = unspacedEnd.test(before) || (space !== "" && sentenceEnd.test(before));
    const breach = paragraph.test(space) ? 3 : ended ? 2 : space !== "" ? 1 : 0;
    yield { start: index, end: index + word.length, tokens: countTokens(word), breach };
    before = word;
  }
}

/** How many words fit: at least one. */
function fill(words: readonly Word[], limit: number): number {
  let tokens = words[0]!.tokens;
  let end = 1;
  while (end < words.length && tokens + words[end]!.tokens <= limit) tokens += words[end++]!.tokens;
  return end;
}

/** The best and last place to cut in the second half of a chunk that ends before `full`. */
function cutBefore(words: readonly Word[], full: number): number {
  let cut = full;
  for (let place = full - 1; place > full / 2; place--) {
    if (words[place]!.breach > words[cut]!.breach) cut = place;
  }
  return cut;
}

/** Where the next chunk begins: with the first sentence that begins within the overlap, else the first word, else none. */
function resume(words: readonly Word[], end: number, overlap: number): number {
  let tokens = 0;
  let next = end;
  for (let place = end - 1; place > 0; place--) {
    tokens += words[place]!.tokens;
    if (tokens > overlap) break;
    const { breach } = words[place]!;
    const best = next === end ? 0 : words[next]!.breach;
    if (breach > 0 && (breach >= best || best < 2)) next = place;
  }
  return next;
}
