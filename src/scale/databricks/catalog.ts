import { ConfigurationError } from "../../core/index.ts";
import type { Workspace } from "./workspace.ts";

/** A version of a model of Unity Catalog. */
export interface CatalogVersion {
  version: number;
  runId: string | undefined;
  /** `READY` once it can be served. */
  status: string;
}

interface ServerVersion {
  version: number;
  run_id?: string;
  status?: string;
}

const path = "/api/2.1/unity-catalog/models";

/**
 * Registered models of Unity Catalog, named `catalog.schema.model` (docs.databricks.com, `/api/2.1/unity-catalog/models`).
 * Versions are made by `mlflow.logModel` and `mlflow.registry.register`; here they are listed, and named by aliases.
 */
export class CatalogModels {
  readonly #workspace: Workspace;

  /** @internal */
  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Makes a registered model without versions, where there is none. */
  async create(name: string, comment?: string): Promise<void> {
    const [catalog_name, schema_name, model] = parts(name);
    const known = await this.#workspace.found({ doing: `read ${name}`, method: "GET", path: at(name) });
    if (known) return;
    await this.#workspace.json({
      doing: `create ${name}`,
      method: "POST",
      path,
      json: { catalog_name, schema_name, name: model, ...(comment !== undefined && { comment }) },
      idempotent: false,
    });
  }

  /** The versions, newest first. */
  async versions(name: string): Promise<CatalogVersion[]> {
    const found: CatalogVersion[] = [];
    let token: string | undefined;
    do {
      const page = await this.#workspace.json<{ model_versions?: ServerVersion[]; next_page_token?: string }>(
        {
          doing: `list the versions of ${name}`,
          method: "GET",
          path: `${at(name)}/versions`,
          query: token === undefined ? [] : [["page_token", token]],
        },
      );
      found.push(...(page.model_versions ?? []).map(versionOf));
      token = page.next_page_token || undefined;
    } while (token !== undefined);
    return found.sort((a, b) => b.version - a.version);
  }

  /** The version that an alias names; undefined where none has it. */
  async byAlias(name: string, alias: string): Promise<CatalogVersion | undefined> {
    const found = await this.#workspace.found<ServerVersion>({
      doing: `read ${name}@${alias}`,
      method: "GET",
      path: `${at(name)}/aliases/${encodeURIComponent(alias)}`,
    });
    return found && versionOf(found);
  }

  /** Names a version by an alias, which then names no other. */
  async setAlias(name: string, alias: string, version: number): Promise<void> {
    await this.#workspace.json({
      doing: `set ${name}@${alias}`,
      method: "PUT",
      path: `${at(name)}/aliases/${encodeURIComponent(alias)}`,
      json: { version_num: version },
    });
  }

  /** Takes an alias away; the version stays. */
  async deleteAlias(name: string, alias: string): Promise<void> {
    await this.#workspace.json({
      doing: `delete ${name}@${alias}`,
      method: "DELETE",
      path: `${at(name)}/aliases/${encodeURIComponent(alias)}`,
    });
  }
}

function at(name: string): string {
  return `${path}/${encodeURIComponent(parts(name).join("."))}`;
}

function parts(name: string): string[] {
  const found = name.split(".");
  if (found.length === 3 && found.every((part) => part !== "")) return found;
  throw new ConfigurationError(`invalid model of Unity Catalog: "${name}", expected catalog.schema.model`);
}

function versionOf({ version, run_id, status }: ServerVersion): CatalogVersion {
  return { version, runId: run_id, status: status ?? "" };
}
