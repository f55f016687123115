export { type Documents, type GroupOptions, Index, type IndexOptions } from "./document-index.ts";
export type { IndexPlace } from "./place.ts";
export type { IndexChange } from "./put-documents.ts";
