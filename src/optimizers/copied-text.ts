/** A whole value of fewer words says too little to have been copied: `refund please` is also what anyone writes. */
const fewestWords = 4;

/**
 * Knows the runs of words that a set of texts holds, and finds them in another text. Case, punctuation and white
 * space do not count, so that a copy is known again whatever stands between its words.
 */
export class CopiedText {
  readonly #run: number;
  readonly #known = new Set<string>();

  /**
   * @param texts what is not to be copied: every run of `run` words, and whole texts of 4 words or more.
   * @param allowed texts whose words may be used, such as labels and the instructions as they were.
   */
  constructor(texts: Iterable<string>, allowed: Iterable<string>, run: number) {
    this.#run = Math.max(fewestWords, run);
    for (const text of texts) {
      const found = wordsOf(text);
      if (found.length >= fewestWords) {
        for (const known of runsOf(found, Math.min(found.length, this.#run))) this.#known.add(known);
      }
    }
    for (const text of allowed) {
      for (const run of this.#runs(wordsOf(text))) this.#known.delete(run);
    }
  }

  /** The first run of words of `text` that was copied, in lower case; undefined where none was. */
  find(text: string): string | undefined {
    for (const run of this.#runs(wordsOf(text))) if (this.#known.has(run)) return run;
    return undefined;
  }

  *#runs(words: readonly string[]): Generator<string> {
    for (let length = this.#run; length >= fewestWords; length--) yield* runsOf(words, length);
  }
}

/** Words in lower case; where a script writes no spaces, a character is a word. */
function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/\p{Ideographic}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Thai}|[\p{L}\p{N}]+/gu) ?? []
  );
}

function* runsOf(words: readonly string[], length: number): Generator<string> {
  for (let start = 0; start + length <= words.length; start++) {
    yield words.slice(start, start + length).join(" ");
  }
}
