export { embeddedEmbedder } from "./embedded.ts";
export type { Embedder } from "./embedder.ts";
export { endpointEmbedder, type EndpointEmbedderOptions } from "./endpoint.ts";
