import { ConfigurationError, TooLongError } from "../../core/index.ts";
import type { Embedder } from "../embedders/index.ts";

/**
 * Vectors of texts, checked: as many as there are texts, of finite numbers, all of `dimension` where that is known.
 *
 * @throws ConfigurationError where the embedder gave anything else.
 */
export async function embedTexts(
  embedder: Embedder,
  texts: readonly string[],
  dimension: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  const vectors = await embedder.embed(texts, { signal });
  if (vectors.length !== texts.length) {
    throw new ConfigurationError(
      `the embedder ${embedder.name} gave ${vectors.length} vectors for ${texts.length} texts`,
    );
  }
  const expected = dimension ?? vectors[0]?.length;
  for (const vector of vectors) {
    if (vector.length !== expected) {
      throw new ConfigurationError(
        `the embedder ${embedder.name} gave a vector of dimension ${vector.length}, and the index has ${expected}. ` +
          "Open the index with the embedder it was made with, or make a new one.",
      );
    }
    if (!vector.every(Number.isFinite)) {
      throw new ConfigurationError(`the embedder ${embedder.name} gave a vector that holds no finite number`);
    }
  }
  return vectors;
}

/** {@link embedTexts} with the error in place of a vector where one text alone is longer than the embedder takes. */
export async function embedEach(
  texts: readonly string[],
  embed: (texts: readonly string[]) => Promise<Float32Array[]>,
): Promise<(Float32Array | TooLongError)[]> {
  try {
    return await embed(texts);
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
    if (texts.length === 1) return [error];
    const half = texts.length >> 1;
    return [
      ...(await embedEach(texts.slice(0, half), embed)),
      ...(await embedEach(texts.slice(half), embed)),
    ];
  }
}
