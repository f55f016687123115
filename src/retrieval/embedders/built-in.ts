import type { Embedder } from "./embedder.ts";
import { sentenceEmbedder } from "./sentence.ts";
import { wordEmbedder } from "./word.ts";

/** The embedder that an index has when none is named: the one it was made with, else that of sentences. */
export function builtInEmbedder(identity?: string): Embedder {
  const embedders = [sentenceEmbedder(), wordEmbedder()];
  return embedders.find((embedder) => embedder.identity === identity) ?? sentenceEmbedder();
}
