export type { Document } from "./document.ts";
export type { Embedder } from "./embedders/embedder.ts";
