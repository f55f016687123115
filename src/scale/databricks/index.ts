export { CatalogModels, type CatalogVersion } from "./catalog.ts";
export { databricks, Databricks, type CompletionOptions, type DatabricksOptions } from "./databricks.ts";
export { type VectorFieldType } from "./field-type.ts";
export { type DatabricksLoginOptions } from "./login.ts";
export { type ServedEntity, ServingEndpoints, type ServingState } from "./serving.ts";
export { aiQuery, type AiQueryOptions, deltaSourceTable, type SourceColumns } from "./sql.ts";
export {
  DatabricksIndex,
  type DatabricksIndexOptions,
  type IndexStatus,
  type VectorColumns,
  type VectorIndexSource,
} from "./vector-index.ts";
