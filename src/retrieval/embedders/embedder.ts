/** Makes vectors of texts: those of an endpoint, or one that runs in this process. */
export interface Embedder {
  /** For people. */
  readonly name: string;
  /** What the vectors depend on: endpoint and model, or the file of the weights. An index is opened with no other. */
  readonly identity: string;
  /** One vector for each text, in their order, each of length 1 (all zero where a text holds nothing to embed). */
  embed(texts: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<Float32Array[]>;
}
