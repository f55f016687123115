export { type ChunkOptions, chunkText } from "./chunk-text.ts";
export type { Identity } from "./identity.ts";
export { FileDocuments, type FileFailure, type IngestOptions, readDocuments } from "./read-documents.ts";
export { tableDocuments, type TableDocuments, type TableOptions } from "./table-documents.ts";
