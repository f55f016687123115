export { builtInEmbedder } from "./built-in.ts";
export type { Embedder } from "./embedder.ts";
export { endpointEmbedder, type EndpointEmbedderOptions } from "./endpoint.ts";
export { sentenceEmbedder } from "./sentence.ts";
export { wordEmbedder } from "./word.ts";
