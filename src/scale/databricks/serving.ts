import type { RegisteredModel } from "../models/index.ts";
import { workspaceEndpoint } from "./workspace-endpoint.ts";
import type { Workspace } from "./workspace.ts";

/** What an endpoint serves. */
export interface ServedEntity {
  /** A model of Unity Catalog: `catalog.schema.model`. */
  model: string;
  version: string | number;
  /** Default `Small`. */
  workload?: "Small" | "Medium" | "Large" | undefined;
  /** Whether it rests while nobody asks; the first call then waits. Default true. */
  scaleToZero?: boolean | undefined;
  /** Environment of the model; a secret is given as `{{secrets/scope/key}}`, never as itself. */
  environment?: Readonly<Record<string, string>> | undefined;
}

/** How an endpoint stands. */
export interface ServingState {
  name: string;
  ready: boolean;
  /** True while a new configuration is being put in place. */
  updating: boolean;
  task: string | undefined;
}

interface ServerEndpoint {
  name: string;
  task?: string;
  state?: { ready?: string; config_update?: string };
}

const path = "/api/2.0/serving-endpoints";

/** Serving endpoints of a workspace (docs.databricks.com, "Create custom model serving endpoints"). */
export class ServingEndpoints {
  readonly #workspace: Workspace;

  /** @internal */
  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Makes an endpoint. @throws RefusedError where there is one of this name. */
  async create(name: string, entity: ServedEntity): Promise<ServingState> {
    const made = await this.#workspace.json<ServerEndpoint>({
      doing: `create the serving endpoint ${name}`,
      method: "POST",
      path,
      json: { name, config: { served_entities: [served(entity)] } },
      idempotent: false,
    });
    return stateOf(made);
  }

  /** Lets an endpoint serve another model or version. @throws RefusedError while an update is in progress. */
  async update(name: string, entity: ServedEntity): Promise<ServingState> {
    const made = await this.#workspace.json<ServerEndpoint>({
      doing: `update the serving endpoint ${name}`,
      method: "PUT",
      path: `${path}/${encodeURIComponent(name)}/config`,
      json: { served_entities: [served(entity)] },
      idempotent: false,
    });
    return stateOf({ ...made, name });
  }

  /** How an endpoint stands; undefined where there is none. */
  async get(name: string): Promise<ServingState | undefined> {
    const found = await this.#workspace.found<ServerEndpoint>({
      doing: `read the serving endpoint ${name}`,
      method: "GET",
      path: `${path}/${encodeURIComponent(name)}`,
    });
    return found && stateOf(found);
  }

  /** Asks a program that is served; its predictions, one for each row. */
  async query(name: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<unknown[]> {
    const { predictions } = await this.#workspace.json<{ predictions?: unknown[] }>({
      doing: `query the serving endpoint ${name}`,
      method: "POST",
      path: `/serving-endpoints/${encodeURIComponent(name)}/invocations`,
      json: { dataframe_records: rows },
    });
    return predictions ?? [];
  }

  /** The models that the workspace serves for chat, completion and embedding. */
  async models(): Promise<RegisteredModel[]> {
    const { endpoints = [] } = await this.#workspace.json<{ endpoints?: ServerEndpoint[] }>({
      doing: "list the serving endpoints",
      method: "GET",
      path,
    });
    const kinds = {
      "llm/v1/chat": "chat",
      "llm/v1/completions": "completion",
      "llm/v1/embeddings": "embedding",
    } as const;
    const endpoint = workspaceEndpoint(this.#workspace.login);
    return endpoints.flatMap(({ name, task = "" }) => {
      const kind = kinds[task as keyof typeof kinds];
      return kind ? [{ name, kind, ...endpoint }] : [];
    });
  }
}

function served({ model, version, workload = "Small", scaleToZero = true, environment }: ServedEntity) {
  return {
    entity_name: model,
    entity_version: String(version),
    workload_size: workload,
    scale_to_zero_enabled: scaleToZero,
    ...(environment && { environment_vars: environment }),
  };
}

function stateOf({ name, task, state }: ServerEndpoint): ServingState {
  return { name, ready: state?.ready === "READY", updating: state?.config_update === "IN_PROGRESS", task };
}
