import { TrackingError } from "../core/index.ts";
import type { ArtifactEntry, MlflowClient } from "./client.ts";
import { sendSigned, type SignedAddress } from "./signed-storage.ts";

const api = "api/2.0/mlflow";
const catalog = `${api}/unity-catalog`;

/** Files by path, as a logged model holds them. */
export type ModelContent = ReadonlyMap<string, Uint8Array>;

/** All files of a logged model. @throws TrackingError where there are none. */
export async function readModelFiles(client: MlflowClient, modelId: string): Promise<ModelContent> {
  const path = `${api}/logged-models/${encodeURIComponent(modelId)}`;
  const doing = "read the files of the model";
  const { model } = await client.rest.json<{ model: { info: { artifact_uri: string } } }>({
    doing,
    method: "get",
    path,
  });
  const files = new Map<string, Uint8Array>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let token: string | undefined;
    do {
      const page = await client.rest.json<{ files?: ArtifactEntry[]; next_page_token?: string }>({
        doing,
        method: "get",
        path: `${path}/artifacts/directories`,
        query: {
          ...(folder && { artifact_directory_path: folder }),
          ...(token && { page_token: token }),
        },
      });
      for (const entry of page.files ?? []) {
        if (entry.is_dir) {
          folders.push(entry.path);
          continue;
        }
        const content = await client.getArtifact(model.info.artifact_uri, entry.path);
        if (content) files.set(entry.path, content);
      }
      token = page.next_page_token;
    } while (token);
  }
  if (!files.has("MLmodel")) {
    throw new TrackingError(`could not ${doing} ${modelId}: it has no file MLmodel, so it is no model`);
  }
  return files;
}

/**
 * Writes the files of a new version of Unity Catalog, by the way that the workspace has: its own Files API, or addresses
 * that it signs (where storage is Databricks' own).
 *
 * @throws TrackingError where it has neither, and expects its clients to write to the cloud's storage by themselves.
 */
export async function writeVersionFiles(
  client: MlflowClient,
  { name, version }: { readonly name: string; readonly version: string },
  files: ModelContent,
): Promise<void> {
  const folder = `/Models/${[...name.split("."), version].join("/")}`;
  const write = await writerOf(client, name, version);
  for (const [path, content] of files) {
    await write(`write ${path} of version ${version} of "${name}"`, `${folder}/${path}`, content);
  }
}

type Write = (doing: string, path: string, content: Uint8Array) => Promise<unknown>;

async function writerOf({ rest }: MlflowClient, name: string, version: string): Promise<Write> {
  const flag = "is_databricks_sdk_models_artifact_repository_enabled";
  const doing = `ask how files of "${name}" are written`;
  const answer = await rest.found<Partial<Record<typeof flag, boolean>>>({
    doing,
    method: "get",
    path: `${catalog}/registered-models:${flag.replaceAll("_", "-")}`,
  });
  if (answer?.[flag]) {
    return (doing, path, content) =>
      rest.send({
        doing,
        method: "put",
        path: `api/2.0/fs/files${path.split("/").map(encodeURIComponent).join("/")}`,
        query: { overwrite: "true" },
        body: content,
        headers: { "content-type": "application/octet-stream" },
      });
  }
  const { credentials } = await rest.json<{ credentials?: { storage_mode?: string } }>({
    doing,
    method: "post",
    path: `${catalog}/model-versions/generate-temporary-credentials`,
    json: { name, version, operation: "MODEL_VERSION_OPERATION_READ_WRITE" },
  });
  if (credentials?.storage_mode !== "DEFAULT_STORAGE") {
    throw new TrackingError(
      `could not write the files of "${name}": this workspace keeps them in a cloud's storage and gives temporary ` +
        "credentials for it, which lmframe does not use. Register the logged model from Python: " +
        'mlflow.set_registry_uri("databricks-uc"), then mlflow.register_model("models:/<model id>", name)',
    );
  }
  return async (doing, path, content) => {
    const { url, headers } = await rest.json<{ url: string; headers?: SignedAddress["headers"] }>({
      doing,
      method: "post",
      path: "api/2.0/fs/create-upload-url",
      json: { path },
    });
    return sendSigned(doing, "put", { signed_uri: url, ...(headers && { headers }) }, content);
  };
}
