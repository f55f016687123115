import { TrackingError } from "../core/index.ts";
import { type MlflowClientOptions, Rest } from "./rest.ts";
import { getWorkspaceArtifact, putWorkspaceArtifact, workspaceOwner } from "./workspace-artifacts.ts";

/** A parameter or tag. */
export interface KeyValue {
  key: string;
  value: string;
}

/** One metric value as the server takes it; what is not finite is spelt out, as JSON has no number for it. */
export interface MetricEntry {
  key: string;
  value: number | "NaN" | "Infinity" | "-Infinity";
  step: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/** What one `log-batch` carries: at most 1000 entries, of them 100 parameters and 100 tags, in 1 MB. */
export interface Batch {
  metrics?: MetricEntry[] | undefined;
  params?: KeyValue[] | undefined;
  tags?: KeyValue[] | undefined;
}

/** A dataset as a run's input. */
export interface DatasetInput {
  tags: KeyValue[];
  dataset: {
    name: string;
    digest: string;
    source_type: string;
    source: string;
    schema?: string;
    profile?: string;
  };
}

/** A run as the server tells of it. */
export interface ServerRun {
  info: {
    run_id: string;
    run_name?: string;
    experiment_id: string;
    status: string;
    start_time?: number;
    end_time?: number;
    artifact_uri: string;
    lifecycle_stage: string;
  };
  data: {
    metrics?: { key: string; value: number | string; timestamp: number; step: number }[];
    params?: KeyValue[];
    tags?: KeyValue[];
  };
  inputs?: { dataset_inputs?: DatasetInput[] };
}

/** A file or folder among a run's artifacts. */
export interface ArtifactEntry {
  path: string;
  is_dir: boolean;
  file_size?: number;
}

const api = "api/2.0/mlflow";
const artifactsApi = "api/2.0/mlflow-artifacts/artifacts";

/**
 * MLflow's REST interface, as far as lmframe needs it (https://mlflow.org/docs/latest/rest-api.html; tried
 * against 3.17). Failures are TrackingErrors that say what the server answered.
 */
export class MlflowClient {
  /** The requests themselves. @internal */
  readonly rest: Rest;
  readonly #experiments = new Map<string, Promise<string>>();

  constructor(options: MlflowClientOptions) {
    this.rest = new Rest(options);
  }

  /** Address of the server, without credentials. */
  get uri(): string {
    return this.rest.uri;
  }

  /** Version of MLflow that the server runs. */
  async serverVersion(): Promise<string> {
    const response = await this.rest.send({ doing: "ask for its version", method: "get", path: "version" });
    return (await response.text()).trim();
  }

  /** Address of a run's page. */
  runUrl(experimentId: string, runId: string): string {
    return `${this.uri}/#/experiments/${experimentId}/runs/${runId}`;
  }

  /** Id of the experiment of this name, which is made where there is none; safe among concurrent callers. */
  experiment(name: string, tags: Readonly<Record<string, string>> = {}): Promise<string> {
    let id = this.#experiments.get(name);
    if (!id) {
      id = this.#findOrCreateExperiment(name, tags);
      this.#experiments.set(name, id);
      id.catch(() => this.#experiments.delete(name));
    }
    return id;
  }

  async #findOrCreateExperiment(name: string, tags: Readonly<Record<string, string>>): Promise<string> {
    const existing = await this.findExperiment(name);
    if (existing !== undefined) return existing;
    try {
      const { experiment_id } = await this.rest.json<{ experiment_id: string }>({
        doing: `create the experiment "${name}"`,
        method: "post",
        path: `${api}/experiments/create`,
        json: { name, tags: entries(tags) },
      });
      return experiment_id;
    } catch (error) {
      // Somebody else may have made it in between, or an attempt whose answer was lost.
      const made = error instanceof TrackingError && error.status === 400;
      const id = made ? await this.findExperiment(name) : undefined;
      if (id === undefined) throw error;
      return id;
    }
  }

  /**
   * Id of the experiment of this name; undefined where there is none.
   *
   * @throws TrackingError where the experiment was deleted, as its name stays taken.
   */
  async findExperiment(name: string): Promise<string | undefined> {
    const answer = await this.rest.found<{ experiment: { experiment_id: string; lifecycle_stage: string } }>({
      doing: `look up the experiment "${name}"`,
      method: "get",
      path: `${api}/experiments/get-by-name`,
      query: { experiment_name: name },
    });
    if (answer?.experiment.lifecycle_stage === "deleted") {
      throw new TrackingError(
        `the experiment "${name}" was deleted on ${this.uri}, and its name stays taken: restore it there, or choose another by mlflow.setExperiment`,
      );
    }
    return answer?.experiment.experiment_id;
  }

  /** Makes a run. Not repeatable: look for the run first where an earlier attempt may have arrived. */
  async createRun(run: {
    experimentId: string;
    name: string;
    startedAt: number;
    tags: Readonly<Record<string, string>>;
  }): Promise<ServerRun> {
    const answer = await this.rest.json<{ run: ServerRun }>({
      doing: `create the run "${run.name}"`,
      method: "post",
      path: `${api}/runs/create`,
      json: {
        experiment_id: run.experimentId,
        run_name: run.name,
        start_time: run.startedAt,
        tags: entries(run.tags),
      },
      idempotent: false,
    });
    return answer.run;
  }

  /** The run, deleted ones too; undefined where the server knows none of this id. */
  async getRun(runId: string): Promise<ServerRun | undefined> {
    const answer = await this.rest.found<{ run: ServerRun }>({
      doing: "read the run",
      method: "get",
      path: `${api}/runs/get`,
      query: { run_id: runId },
    });
    return answer?.run;
  }

  /** Sets a run's status and end. */
  async updateRun(runId: string, change: { status: string; endedAt?: number | undefined }): Promise<void> {
    await this.rest.json({
      doing: "update the run",
      method: "post",
      path: `${api}/runs/update`,
      json: { run_id: runId, status: change.status, end_time: change.endedAt },
    });
  }

  /** Marks a run as deleted; it can be restored on the server. */
  async deleteRun(runId: string): Promise<void> {
    await this.rest.json({
      doing: "delete the run",
      method: "post",
      path: `${api}/runs/delete`,
      json: { run_id: runId },
    });
  }

  /**
   * The runs that are not deleted and match MLflow's filter language, newest first.
   *
   * @param filter - never put text of a user or model into it.
   */
  async searchRuns(experimentIds: readonly string[], filter = "", limit = 100): Promise<ServerRun[]> {
    const answer = await this.rest.json<{ runs?: ServerRun[] }>({
      doing: "search the runs",
      method: "post",
      path: `${api}/runs/search`,
      json: {
        experiment_ids: experimentIds,
        filter,
        max_results: limit,
        order_by: ["attributes.start_time DESC"],
      },
    });
    return answer.runs ?? [];
  }

  /** Logs one batch; `batches` splits what is larger. The same point, parameter or tag twice is there once. */
  async logBatch(runId: string, batch: Batch): Promise<void> {
    await this.rest.json({
      doing: "log metrics, parameters and tags",
      method: "post",
      path: `${api}/runs/log-batch`,
      json: { run_id: runId, ...batch },
    });
  }

  /** Adds datasets to a run's inputs; one of the same name and digest is there once. */
  async logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.rest.json({
          doing: "log the datasets",
          method: "post",
          path: `${api}/runs/log-inputs`,
          json: { run_id: runId, datasets },
        });
        return;
      } catch (error) {
        // Of two runs that log a new dataset at the same moment, the server turns one down; it finds it next time.
        const clash = error instanceof TrackingError && /unique|duplicate|integrity/i.test(error.message);
        if (!clash || attempt === 5) throw error;
      }
    }
  }

  /** All points of one metric, in the order of the server. */
  async metricHistory(
    runId: string,
    key: string,
  ): Promise<{ value: number; step: number; timestamp: number }[]> {
    const points: { value: number | string; step?: number; timestamp: number }[] = [];
    let token: string | undefined;
    do {
      const answer = await this.rest.json<{ metrics?: typeof points; next_page_token?: string }>({
        doing: `read the metric "${key}"`,
        method: "get",
        path: `${api}/metrics/get-history`,
        query: {
          run_id: runId,
          metric_key: key,
          max_results: "1000",
          ...(token ? { page_token: token } : {}),
        },
      });
      points.push(...(answer.metrics ?? []));
      token = answer.next_page_token;
    } while (token);
    return points.map(({ value, step, timestamp }) => ({ value: Number(value), step: step ?? 0, timestamp }));
  }

  /** What stands in a folder of a run's artifacts; at the top by default. */
  async listArtifacts(runId: string, folder = ""): Promise<ArtifactEntry[]> {
    const found: ArtifactEntry[] = [];
    let token: string | undefined;
    do {
      const answer = await this.rest.json<{ files?: ArtifactEntry[]; next_page_token?: string }>({
        doing: "list the artifacts",
        method: "get",
        path: `${api}/artifacts/list`,
        query: {
          run_id: runId,
          ...(folder ? { path: folder } : {}),
          ...(token ? { page_token: token } : {}),
        },
      });
      found.push(...(answer.files ?? []));
      token = answer.next_page_token;
    } while (token);
    return found;
  }

  /**
   * Writes an artifact, in place of one of the same path: through the server, or, where that is a Databricks workspace, at
   * an address that it signs.
   *
   * @param root - the `artifact_uri` of the run or model.
   * @throws TrackingError where the server neither passes artifacts on nor signs addresses for them.
   */
  async putArtifact(root: string, path: string, content: string | Uint8Array): Promise<void> {
    const owner = workspaceOwner(root);
    if (owner) return putWorkspaceArtifact(this.rest, owner, path, content);
    await this.rest.send({
      doing: `write the artifact ${path}`,
      method: "put",
      path: this.#artifactPath(root, path),
      body: content,
      headers: { "content-type": "application/octet-stream" },
    });
  }

  /** Reads an artifact; undefined where there is none of this path. */
  async getArtifact(root: string, path: string): Promise<Uint8Array | undefined> {
    const owner = workspaceOwner(root);
    if (owner) return getWorkspaceArtifact(this.rest, owner, path);
    try {
      const response = await this.rest.send({
        doing: `read the artifact ${path}`,
        method: "get",
        path: this.#artifactPath(root, path),
      });
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      if (error instanceof TrackingError && error.status === 404) return undefined;
      throw error;
    }
  }

  #artifactPath(root: string, path: string): string {
    // "mlflow-artifacts:/1/…" or "mlflow-artifacts://host:port/1/…", which names the server itself.
    const inside = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.*)$/.exec(root)?.[1];
    if (inside === undefined) {
      throw new TrackingError(
        `the server ${this.uri} does not pass artifacts on (its runs keep them at ${root.split(":", 1)[0]}:): start it with --artifacts-destination and without --default-artifact-root`,
      );
    }
    const encoded = `${inside}/${path}`.split("/").map(encodeURIComponent).join("/");
    return `${artifactsApi}/${encoded}`;
  }

  /**
   * Takes spans in OTLP's protobuf form; the same span twice is there once.
   *
   * @param runId - the run its whole traces are listed under.
   */
  async sendTraces(experimentId: string, spans: Uint8Array, runId?: string): Promise<void> {
    await this.rest.send({
      doing: "send traces",
      method: "post",
      path: "v1/traces",
      body: spans,
      headers: {
        "content-type": "application/x-protobuf",
        "x-mlflow-experiment-id": experimentId,
        ...(runId !== undefined ? { "x-mlflow-run-id": runId } : {}),
      },
    });
  }
}

function entries(record: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}
