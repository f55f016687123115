import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { ConfigurationError } from "../../core/index.ts";
import { ensureEmbedderFiles } from "../../services/index.ts";
import type { Embedder } from "./embedder.ts";
import { normalise } from "./normalise.ts";
import { type Matrix, readMatrix } from "./safetensors.ts";

/** SHA-256 of the file of weights: what the vectors depend on. */
const weightsHash = "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5";

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

/** What is used of the tokenizer; its own types are not found from an ES module. */
interface TokenizerPackage {
  Tokenizer: new (
    definition: object,
    configuration: object,
  ) => { encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] } };
}

let vocabulary: Promise<Vocabulary> | undefined;

/**
 * The embedder that needs no server and no key: wordllama's vectors (https://github.com/dleemiller/WordLlama), 256
 * numbers a token, trained so that their mean stands for a text. A frequent word has a short vector and so counts for
 * little. Text is lower-cased, as logbooks shout and their readers do not. Thousands of texts a second; `npm run
 * bench -- embedders` compares it. The weights load with the first text.
 *
 * {@link Embedder.embed} throws ConfigurationError where the Python side, which keeps the weights, is missing.
 */
export function embeddedEmbedder(): Embedder {
  return {
    name: "embedded (wordllama)",
    identity: `wordllama l2_supercat_256 ${weightsHash.slice(0, 16)}, lower case, mean of tokens`,
    async embed(texts, { signal } = {}) {
      vocabulary ??= load();
      const known = await vocabulary.catch((error: unknown) => {
        vocabulary = undefined; // what is missing may have been set up when it is asked for again
        throw error;
      });
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
  const files = await ensureEmbedderFiles();
  const [weights, tokenizerText, { Tokenizer }] = await Promise.all([
    readFile(files.weights),
    readFile(files.tokenizer, "utf8"),
    import("@huggingface/tokenizers") as Promise<unknown> as Promise<TokenizerPackage>,
  ]);
  if (createHash("sha256").update(weights).digest("hex") !== weightsHash)
    throw new ConfigurationError(
      `${files.weights} is not the file it should be: remove its folder, and it is fetched again`,
    );
  const vectors = readMatrix(weights, files.weights);
  const tokenizer = new Tokenizer(JSON.parse(tokenizerText) as object, {});
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
