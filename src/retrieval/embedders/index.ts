export { embeddedEmbedder } from "./embedded.ts";
export type { Embedder } from "./embedder.ts";
