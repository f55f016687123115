import { countTokens } from "../lm/index.ts";

/** Characters that are counted at once, so that a text of megabytes is read only as far as the cap. */
const portion = 10_000;

/**
 * True where a text has more tokens than `most`, as `countTokens` counts. A token is one byte at least: a text of no
 * more bytes than that is not counted at all, nor is the vocabulary loaded for it.
 */
export function exceedsTokens(text: string, most: number): boolean {
  if (text.length * 3 <= most || Buffer.byteLength(text) <= most) return false;
  let tokens = 0;
  for (let start = 0; start < text.length && tokens <= most; start += portion) {
    tokens += countTokens(text.slice(start, start + portion));
  }
  return tokens > most;
}
