import { createHash } from "node:crypto";
import type { Embedder } from "../../src/retrieval/index.ts";

/** An embedder whose vectors add up a direction for each word, and that remembers what it was asked. */
export interface HashingEmbedder extends Embedder {
  /** All texts, in the order they came. */
  readonly asked: string[];
  // A member of its own, for tests put another in its place.
  embed: (
    texts: readonly string[],
    options?: { signal?: AbortSignal | undefined },
  ) => Promise<Float32Array[]>;
}

/** Makes an embedder that needs nothing and gives the same for the same text. */
export function hashingEmbedder(name = "hashing", dimension = 16): HashingEmbedder {
  const asked: string[] = [];
  return {
    name,
    identity: `test ${name}`,
    asked,
    embed: async (texts) => {
      asked.push(...texts);
      return texts.map((text) => vectorOf(text, dimension));
    },
  };
}

function vectorOf(text: string, dimension: number): Float32Array {
  const sum = new Float32Array(dimension);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const digest = createHash("shake256", { outputLength: dimension }).update(word).digest();
    digest.forEach((byte, index) => (sum[index]! += byte - 127.5));
  }
  const length = Math.hypot(...sum);
  return length === 0 ? sum : sum.map((number) => number / length);
}
