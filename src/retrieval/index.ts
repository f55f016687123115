export type { Document } from "./document.ts";
export {
  type Embedder,
  endpointEmbedder,
  type EndpointEmbedderOptions,
  sentenceEmbedder,
  wordEmbedder,
} from "./embedders/index.ts";
export {
  Answerability,
  type AnswerabilityExample,
  answerabilityFeatures,
  type AnswerabilityState,
} from "./answerability.ts";
export { contentWords, wordShare } from "./content-words.ts";
export {
  type Documents,
  type GroupOptions,
  Index,
  type IndexChange,
  type IndexOptions,
  type IndexPlace,
} from "./store/index.ts";
export {
  type ChunkOptions,
  chunkText,
  FileDocuments,
  type FileFailure,
  type Identity,
  type IngestOptions,
  readDocuments,
  tableDocuments,
  type TableDocuments,
  type TableOptions,
} from "./ingest/index.ts";
export { searchedText } from "./searched-text.ts";
export { rerank, type RerankOptions, type RerankProgram } from "./rerank.ts";
