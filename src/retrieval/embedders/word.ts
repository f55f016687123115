import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { ensureEmbedderFiles, wordllama } from "../../services/embedder-files.ts";
import type { Embedder } from "./embedder.ts";
import { loadedOnce } from "./loaded-once.ts";
import { normalise } from "./normalise.ts";
import { type Matrix, readMatrix } from "./safetensors.ts";
import { readTokenizer } from "./tokenizer.ts";

/** Texts that are embedded before the event loop gets its turn. */
const textsAtOnce = 256;

/** Longer words are no words; cut, one cannot hold up all the others. */
const longestWord = 64;

/** Words whose tokens are remembered. */
const rememberedWords = 50_000;

/** Weights and tokenizer, shared by all embedders of the process: 33 MB, 0.3 s to load. */
interface Vocabulary {
  readonly vectors: Matrix;
  /** The tokens of one word, as rows of `vectors`. */
  readonly tokensOf: (word: string) => readonly number[];
}

const vocabulary = loadedOnce(load);

/**
 * An embedder of words that needs no server and no key: wordllama's vectors (https://github.com/dleemiller/WordLlama), 256
 * numbers a token, trained so that their mean stands for a text. A frequent word has a short vector and so counts for
 * little. Text is lower-cased, as logbooks shout and their readers do not. Thousands of texts a second, and it finds
 * little where question and text share no word: {@link sentenceEmbedder} does. The weights load with the first text.
 *
 * {@link Embedder.embed} throws ConfigurationError where the Python side, which keeps the weights, is missing.
 */
export function wordEmbedder(): Embedder {
  return {
    name: "words (wordllama)",
    identity: `wordllama l2_supercat_256 ${wordllama.hash.slice(0, 16)}, lower case, mean of tokens`,
    async embed(texts, { signal } = {}) {
      const known = await vocabulary();
      const vectors: Float32Array[] = [];
      for (const text of texts) {
        if (vectors.length % textsAtOnce === 0) {
          await turn();
          signal?.throwIfAborted();
        }
        vectors.push(meanVector(text, known));
      }
      return vectors;
    },
  };
}

function meanVector(text: string, { vectors, tokensOf }: Vocabulary): Float32Array {
  const { columns, values } = vectors;
  const sum = new Float32Array(columns);
  for (const word of text.toLowerCase().match(words) ?? []) {
    for (const token of tokensOf(word)) {
      const start = token * columns;
      for (let column = 0; column < columns; column++) sum[column]! += values[start + column]!;
    }
  }
  return normalise(sum);
}

const words = new RegExp(`\\S{1,${longestWord}}`, "gu");

async function load(): Promise<Vocabulary> {
  const files = await ensureEmbedderFiles(wordllama);
  const [weights, tokenizer] = await Promise.all([readFile(files.weights), readTokenizer(files.tokenizer)]);
  const vectors = readMatrix(weights, files.weights);
  const remembered = new Map<string, readonly number[]>();
  return {
    vectors,
    // Words apart give the tokens that the whole text would: no token reaches over a space.
    tokensOf: (word) => {
      const known = remembered.get(word);
      if (known) return known;
      const tokens = tokenizer.encode(word, { add_special_tokens: false }).ids;
      if (remembered.size >= rememberedWords) remembered.clear();
      remembered.set(word, tokens);
      return tokens;
    },
  };
}
