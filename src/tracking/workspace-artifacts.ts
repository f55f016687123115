import { TrackingError } from "../core/index.ts";
import type { Rest } from "./rest.ts";
import { putSigned, sendSigned, type SignedAddress } from "./signed-storage.ts";

/** Of what a Databricks workspace keeps the artifacts. */
export type WorkspaceOwner = { runId: string } | { modelId: string };

/**
 * Whose artifacts are kept at a location, where a Databricks workspace keeps them; undefined for all other locations. A
 * run's are at `dbfs:/databricks/mlflow-tracking/<experiment>/<run>/artifacts`, a model's at
 * `dbfs:/databricks/mlflow-tracking/<experiment>/logged_models/<model>/artifacts`.
 */
export function workspaceOwner(root: string): WorkspaceOwner | undefined {
  const place =
    /^dbfs:(?:\/\/[^/]*@databricks)?\/+databricks\/mlflow-tracking\/[^/]+\/(?:logged_models\/([^/]+)|([^/]+))/;
  const [, modelId, runId] = place.exec(root) ?? [];
  if (modelId !== undefined) return { modelId };
  return runId === undefined ? undefined : { runId };
}

/** Writes an artifact by the address that the workspace signs for it, in place of one of the same path. */
export async function putWorkspaceArtifact(
  rest: Rest,
  owner: WorkspaceOwner,
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  const doing = `write the artifact ${path}`;
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  await putSigned(doing, await signedAddress(rest, owner, path, "write", doing), bytes);
}

/** Reads an artifact likewise; undefined where there is none of this path. */
export async function getWorkspaceArtifact(
  rest: Rest,
  owner: WorkspaceOwner,
  path: string,
): Promise<Uint8Array | undefined> {
  const doing = `read the artifact ${path}`;
  const address = await signedAddress(rest, owner, path, "read", doing);
  try {
    return new Uint8Array(await (await sendSigned(doing, "get", address)).arrayBuffer());
  } catch (error) {
    if (error instanceof TrackingError && error.status === 404) return undefined;
    throw error;
  }
}

/** As MLflow's own client asks for it (`DatabricksMlflowArtifactsService`): runs and models each have calls of their own. */
async function signedAddress(
  rest: Rest,
  owner: WorkspaceOwner,
  path: string,
  to: "read" | "write",
  doing: string,
): Promise<SignedAddress> {
  const api = "api/2.0/mlflow";
  const asked = { doing, method: "post" } as const;
  let address: SignedAddress | undefined;
  if ("runId" in owner) {
    const answer = await rest.json<{ credential_infos?: SignedAddress[] }>({
      ...asked,
      path: `${api}/artifacts/credentials-for-${to}`,
      json: { run_id: owner.runId, path: [path] },
    });
    address = answer.credential_infos?.[0];
  } else {
    const answer = await rest.json<{ credentials?: { credential_info?: SignedAddress }[] }>({
      ...asked,
      path: `${api}/logged-models/${encodeURIComponent(owner.modelId)}/artifacts/credentials-for-${to === "read" ? "download" : "upload"}`,
      json: { paths: [path] },
    });
    address = answer.credentials?.[0]?.credential_info;
  }
  if (!address?.signed_uri) {
    throw new TrackingError(`could not ${doing}: ${rest.uri} gave no signed address for it`);
  }
  return address;
}
