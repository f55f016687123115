import { type Displayable, display, escapeHtml, type MimeBundle, safeLink } from "../../core/index.ts";
import type { MlflowClient } from "../client.ts";
import type { ModelVersion } from "../registry.ts";

/** A model that was logged. Shown in a cell as a link to its page. */
export interface LoggedModel extends Displayable {
  readonly name: string;
  readonly modelId: string;
  /** By which MLflow's tools load it: `models:/m-…`. */
  readonly uri: string;
  /** Address of the model's page. */
  readonly url: string;
  /** The run it is of; undefined where it is of none. */
  readonly runId: string | undefined;
  /** Its version in the registry, where it was registered. */
  readonly version: ModelVersion | undefined;
}

/** A logged model as the server tells of it. */
interface ServerModel {
  info: {
    model_id: string;
    experiment_id: string;
    name: string;
    artifact_uri: string;
    source_run_id?: string;
  };
}

const api = "api/2.0/mlflow";
const statuses = { ready: "LOGGED_MODEL_READY", failed: "LOGGED_MODEL_UPLOAD_FAILED" };

/** What a model is made as, before its files. */
export interface ModelStart {
  name: string;
  experimentId: string;
  runId: string | undefined;
  params: Readonly<Record<string, string>>;
  tags: Readonly<Record<string, string>>;
}

/**
 * Makes a model on the server and writes its files. Where a file cannot be written, the model is marked as failed.
 *
 * @param filesOf - the files of the model, which hold its id.
 */
export async function createModel(
  client: MlflowClient,
  { name, experimentId, runId, params, tags }: ModelStart,
  filesOf: (modelId: string) => ReadonlyMap<string, string>,
): Promise<Omit<LoggedModel, "version" | typeof display>> {
  const pairs = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).map(([key, value]) => ({ key, value }));
  const { model } = await client.rest.json<{ model: ServerModel }>({
    doing: `create the model "${name}"`,
    method: "post",
    path: `${api}/logged-models`,
    json: {
      experiment_id: experimentId,
      name,
      model_type: "agent",
      source_run_id: runId,
      params: pairs(params),
      tags: pairs(tags),
    },
    idempotent: false,
  });
  const { model_id: modelId, artifact_uri: root } = model.info;
  const finish = (status: string) =>
    client.rest.json({
      doing: "finish the model",
      method: "patch",
      path: `${api}/logged-models/${modelId}`,
      json: { model_id: modelId, status },
    });
  try {
    for (const [path, content] of filesOf(modelId)) await client.putArtifact(root, path, content);
  } catch (error) {
    await finish(statuses.failed).catch(() => undefined);
    throw error;
  }
  await finish(statuses.ready);
  if (runId !== undefined) {
    await client.rest.json({
      doing: "name the model among the run's outputs",
      method: "post",
      path: `${api}/runs/outputs`,
      json: { run_id: runId, models: [{ model_id: modelId, step: 0 }] },
    });
  }
  return {
    name,
    modelId,
    uri: `models:/${modelId}`,
    url: `${client.uri}/#/experiments/${experimentId}/models/${modelId}`,
    runId,
  };
}

/** The model as a notebook shows it. */
export function showModel({ name, url, version }: Omit<LoggedModel, typeof display>): MimeBundle {
  const label = `MLflow model ${name}${version ? ` (${version.name}, version ${version.version})` : ""}`;
  const link = safeLink(url);
  return {
    "text/html": `<p>${link === undefined ? escapeHtml(label) : `<a href="${escapeHtml(link)}" target="_blank" rel="noopener">${escapeHtml(label)}</a>`}</p>`,
    "text/plain": `${label}: ${url}`,
  };
}
