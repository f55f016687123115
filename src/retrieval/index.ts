export type { Document } from "./document.ts";
export { embeddedEmbedder, type Embedder } from "./embedders/index.ts";
