import type { MlflowClient } from "./client.ts";
import { isWorkspace } from "./workspace.ts";

/** Where a registered model is kept, and what differs by that. */
export interface RegistryApi {
  /** What the paths of its REST calls begin with. */
  readonly path: string;
  /** True for Unity Catalog: its versions hold files of their own, and what a search finds is told in part. */
  readonly catalog: boolean;
  /** The registered model's tag with the versions that an alias stood at before. */
  historyTag(alias: string): string;
}

/** MLflow's own registry. */
export const mlflowRegistry: RegistryApi = {
  path: "api/2.0/mlflow",
  catalog: false,
  historyTag: (alias) => `lmframe.was_${alias}`,
};

const unityCatalog: RegistryApi = {
  path: "api/2.0/mlflow/unity-catalog",
  catalog: true,
  // No key of a tag has any of `. , - = / :` there ("Apply tags to Unity Catalog securable objects").
  historyTag: (alias) =>
    `lmframe_was_${alias.replace(/[^A-Za-z0-9]/g, (one) => `_${one.codePointAt(0)!.toString(16)}`)}`,
};

/**
 * The registry that a name belongs to: on a Databricks workspace `catalog.schema.model` is a model of Unity Catalog
 * (MLflow's `databricks-uc`); everything else is MLflow's own registry.
 */
export function registryApi({ uri }: Pick<MlflowClient, "uri">, name: string): RegistryApi {
  const parts = name.split(".");
  const three = parts.length === 3 && parts.every((part) => part !== "");
  return three && isWorkspace(uri) ? unityCatalog : mlflowRegistry;
}
