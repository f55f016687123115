import { type LanguageModel, lm, type LMOptions, type RetryOptions } from "../../lm/index.ts";
import { ServedJudge, type ServedJudgeOptions } from "../../metrics/index.ts";
import { type Embedder, endpointEmbedder, type EndpointEmbedderOptions } from "../../retrieval/index.ts";
import type { SignatureSource } from "../../signature/index.ts";
import { ModelRegistry } from "../models/index.ts";
import { CatalogModels } from "./catalog.ts";
import { keepRenewing } from "./keep-renewing.ts";
import { DatabricksLogin, type DatabricksLoginOptions } from "./login.ts";
import { ServingEndpoints } from "./serving.ts";
import { DatabricksIndex, type DatabricksIndexOptions } from "./vector-index.ts";
import { workspaceEndpoint } from "./workspace-endpoint.ts";
import { Workspace } from "./workspace.ts";

/** Options of {@link databricks}. */
export interface DatabricksOptions extends DatabricksLoginOptions {
  /** How calls that failed are tried again. */
  retry?: RetryOptions | undefined;
}

/** What a text is to be gone on with by. */
export interface CompletionOptions {
  /** Default 256. */
  maxTokens?: number | undefined;
  /** Default 0. */
  temperature?: number | undefined;
  stop?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A Databricks workspace: its models, its vector search, its registry. The login is that of the options or the
 * environment (`DATABRICKS_HOST` with `DATABRICKS_TOKEN`, or `DATABRICKS_CLIENT_ID` and `DATABRICKS_CLIENT_SECRET`).
 *
 * ```ts
 * const workspace = databricks();
 * configure({ lm: workspace.lm("databricks-claude-sonnet-4") });
 * const rag = new RAG(workspace.index("main.support.articles"));
 * ```
 *
 * @throws ConfigurationError for no host, or no login.
 */
export function databricks(options: DatabricksOptions = {}): Databricks {
  return new Databricks(new DatabricksLogin(options), options.retry);
}

/** A workspace; made by {@link databricks}. */
export class Databricks {
  /** `https://…` without a slash at its end. */
  readonly host: string;
  readonly serving: ServingEndpoints;
  /** Registered models of Unity Catalog. */
  readonly catalog: CatalogModels;
  readonly #login: DatabricksLogin;
  readonly #workspace: Workspace;
  readonly #retry: RetryOptions | undefined;

  /** @internal */
  constructor(login: DatabricksLogin, retry: RetryOptions | undefined) {
    this.host = login.host;
    this.#login = login;
    this.#retry = retry;
    this.#workspace = new Workspace(login, retry);
    this.serving = new ServingEndpoints(this.#workspace);
    this.catalog = new CatalogModels(this.#workspace);
  }

  /** A chat model behind a serving endpoint; see {@link lm}. */
  lm(endpoint: string, options: LMOptions = {}): LanguageModel {
    return lm(endpoint, { ...options, ...workspaceEndpoint(this.#login) });
  }

  /** An embedder behind a serving endpoint; see {@link endpointEmbedder}. */
  embedder(endpoint: string, options: Omit<EndpointEmbedderOptions, "model"> = {}): Embedder {
    return endpointEmbedder({ ...options, ...workspaceEndpoint(this.#login), model: endpoint });
  }

  /** A judge behind a serving endpoint, asked with the login of the moment; see {@link ServedJudge}. */
  judge<const S extends SignatureSource>(endpoint: string, options: ServedJudgeOptions<S>): ServedJudge<S> {
    const { baseURL, fetch } = workspaceEndpoint(this.#login);
    const url = `${baseURL}/${encodeURIComponent(endpoint)}`;
    return new ServedJudge<S>({ retry: this.#retry, ...options, url, fetch });
  }

  /** What a completion model makes of a text that it is to go on with. */
  async complete(endpoint: string, prompt: string, options: CompletionOptions = {}): Promise<string> {
    const { maxTokens = 256, temperature = 0, stop, signal } = options;
    const { choices } = await this.#workspace.json<{ choices?: { text?: string }[] }>({
      doing: `ask ${endpoint}`,
      method: "POST",
      path: `/serving-endpoints/${encodeURIComponent(endpoint)}/invocations`,
      json: { prompt, max_tokens: maxTokens, temperature, ...(stop && { stop }) },
      signal,
    });
    return choices?.[0]?.text ?? "";
  }

  /** An index of Vector Search: a retriever, and what makes and fills it. */
  index(name: string, options?: DatabricksIndexOptions): DatabricksIndex {
    return new DatabricksIndex(this.#workspace, name, options);
  }

  /** Makes an endpoint of Vector Search, on which indexes live, where there is none. */
  async createVectorEndpoint(name: string): Promise<void> {
    const path = "/api/2.0/vector-search/endpoints";
    const request = { doing: `read the endpoint ${name}`, method: "GET" } as const;
    if (await this.#workspace.found({ ...request, path: `${path}/${encodeURIComponent(name)}` })) return;
    await this.#workspace.json({
      doing: `create the endpoint ${name}`,
      method: "POST",
      path,
      json: { name, endpoint_type: "STANDARD" },
      idempotent: false,
    });
  }

  /** The models that the workspace serves. Its login is theirs too, renewed as it ends. */
  async models(): Promise<ModelRegistry> {
    return new ModelRegistry(await this.serving.models());
  }

  /**
   * Makes this workspace the tracking server of the process: `mlflow.log` and traces go to its MLflow. The environment
   * variables that say so are set, the token among them, and renewed while the process runs. A renewal that fails is tried
   * again after 5 seconds, then twice as long each time, up to 5 minutes. Artifacts are written to addresses that the
   * workspace signs; models named `catalog.schema.model` are those of Unity Catalog.
   *
   * @returns what ends the renewing; the server stays set.
   */
  async track(): Promise<() => void> {
    const set = async () => {
      process.env.MLFLOW_TRACKING_TOKEN = await this.#login.token();
    };
    await set();
    process.env.MLFLOW_TRACKING_URI = this.host;
    return keepRenewing(set, () => this.#login.renewsIn);
  }
}
