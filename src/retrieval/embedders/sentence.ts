import { availableParallelism } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { ConfigurationError } from "../../core/index.ts";
import { ensureEmbedderFiles, miniLM } from "../../services/embedder-files.ts";
import { bertGraph } from "./bert.ts";
import type { Embedder } from "./embedder.ts";
import { loadedOnce } from "./loaded-once.ts";
import { normalise } from "./normalise.ts";
import { storedTensors } from "./safetensors.ts";
import { readTokenizer } from "./tokenizer.ts";

/** Tokens of a text that are read, its two marks included: what the model was trained for. */
const mostTokens = 256;

/** Of a longer text no more is read: it holds more tokens than count, unless it is no language. */
const mostCharacters = 10_000;

/** Texts whose tokens are made before the event loop gets its turn. */
const textsAtOnce = 256;

/** Tokens of one run, about 20 ms on two cores, in which the event loop waits; more are no faster. */
const tokensAtOnce = 128;

/** Texts to vectors, loaded once for all embedders of the process: 110 MB. */
interface Encoder {
  /** The tokens of a text between their two marks. */
  readonly tokensOf: (text: string) => readonly number[];
  /** The vectors of texts that have one number of tokens. */
  readonly vectorsOf: (texts: readonly (readonly number[])[]) => Promise<Float32Array[]>;
}

const encoder = loadedOnce(load);

/**
 * An embedder of sentences that needs no server and no key: all-MiniLM-L6-v2
 * (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), 384 numbers a text, run in this process by ONNX
 * Runtime on all cores. It finds what is meant where question and text share no word, and takes its time: hundreds
 * of texts a second; `npm run bench -- embedders` compares it with {@link wordEmbedder}.
 *
 * Upper and lower case are the same to it. Of a text the first 254 tokens are read, about 190 words; cut longer ones,
 * as {@link chunkText} does.
 *
 * {@link Embedder.embed} throws ConfigurationError where `onnxruntime-node` is not installed, or the Python side,
 * which keeps the weights, is missing.
 */
export function sentenceEmbedder(): Embedder {
  return {
    name: "sentences (all-MiniLM-L6-v2)",
    identity: `all-MiniLM-L6-v2 ${miniLM.hash.slice(0, 16)}, mean of at most ${mostTokens} tokens`,
    async embed(texts, { signal } = {}) {
      const { tokensOf, vectorsOf } = await encoder();
      const vectors = texts.map((): Float32Array => new Float32Array(width));
      const byLength = new Map<number, { place: number; tokens: readonly number[] }[]>();
      for (const [place, text] of texts.entries()) {
        if (place % textsAtOnce === 0) await turn();
        signal?.throwIfAborted();
        const tokens = tokensOf(text);
        if (tokens.length <= 2) continue; // nothing between the marks: a vector of zeros
        const group = byLength.get(tokens.length) ?? [];
        byLength.set(tokens.length, group);
        group.push({ place, tokens });
      }
      for (const [length, group] of byLength) {
        const atOnce = Math.max(1, Math.floor(tokensAtOnce / length));
        for (let start = 0; start < group.length; start += atOnce) {
          signal?.throwIfAborted();
          const run = group.slice(start, start + atOnce);
          const found = await vectorsOf(run.map(({ tokens }) => tokens));
          for (const [index, { place }] of run.entries()) vectors[place] = normalise(found[index]!);
        }
      }
      return vectors;
    },
  };
}

const width = 384;

async function load(): Promise<Encoder> {
  const { InferenceSession, Tensor } = await runtime();
  const files = await ensureEmbedderFiles(miniLM);
  const [tensors, tokenizer] = await Promise.all([
    storedTensors(files.weights),
    readTokenizer(files.tokenizer),
  ]);
  const graph = bertGraph({ layers: 6, heads: 12, width, tensors, file: miniLM.weights });
  const session = await InferenceSession.create(graph, {
    intraOpNumThreads: availableParallelism(),
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: files.folder,
        // Threads that wait sleep: by spinning they would take from others what they do not use.
        intra_op: { allow_spinning: "0" },
      },
    },
  });
  return {
    tokensOf: (text) => {
      const { ids } = tokenizer.encode(text.slice(0, mostCharacters));
      return ids.length <= mostTokens ? ids : [...ids.slice(0, mostTokens - 1), ids.at(-1)!];
    },
    vectorsOf: async (texts) => {
      const length = texts[0]!.length;
      const { vectors } = await session.run({
        tokens: new Tensor("int32", Int32Array.from(texts.flat()), [texts.length, length]),
        positions: new Tensor(
          "int32",
          Int32Array.from({ length }, (_, position) => position),
          [length],
        ),
      });
      const numbers = vectors!.data as Float32Array;
      return texts.map((_, index) => numbers.slice(index * width, (index + 1) * width));
    },
  };
}

/** ONNX Runtime. Throws ConfigurationError where it is not installed, for it is an optional peer. */
async function runtime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    throw new ConfigurationError(
      (missing
        ? "the sentence embedder needs ONNX Runtime, which is not installed here. Run: npm install onnxruntime-node"
        : `ONNX Runtime is installed and cannot be loaded here: ${(error as Error).message}`) +
        "\nOr name another embedder: wordEmbedder(), or endpointEmbedder(…) for an endpoint.",
      { cause: error },
    );
  }
}
