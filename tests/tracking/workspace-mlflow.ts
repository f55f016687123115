import { createServer, type IncomingMessage } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";
import { setExperiment } from "../../src/tracking/index.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the wire carries
type Json = any;
type Answer = { status: number; body: Json };

/** Kinds of storage, and the header that a signature of each here is good for. */
const signedHeader: Readonly<Record<string, string | undefined>> = {
  AWS_PRESIGNED_URL: "x-amz-server-side-encryption",
  GCP_SIGNED_URL: "x-goog-meta-of",
  AZURE_SAS_URI: undefined,
  AZURE_ADLS_GEN2_SAS_URI: undefined,
};

interface Leave {
  kind: string;
  key: string;
  write: boolean;
}

/**
 * A stand-in for the MLflow of a Databricks workspace and the cloud storage behind it, from the wire format of MLflow's own
 * client (`databricks_artifacts.proto`, `databricks_uc_registry_service.proto`, `databricks_filesystem_service.proto`) and
 * the clouds' documents. It refuses what they refuse: a request without token, calls and methods that there are not,
 * unknown members, runs, models and versions that there are not, keys of tags with a dot in Unity Catalog, versions that
 * are declared whole without their files. Its storage refuses the workspace's token, wrong signatures, headers that are not
 * signed, and what each cloud wants and does not get.
 */
export async function startWorkspaceMlflow({ token = "dapi-static" } = {}) {
  const state = {
    /** What signed addresses are of. */
    kind: "AWS_PRESIGNED_URL",
    /** How files of Unity Catalog's versions are written. */
    upload: "files-api" as "files-api" | "signed" | "cloud",
    /** The next answers of storage are these statuses. */
    failStorage: [] as number[],
  };
  const calls: string[] = [];
  const stored = new Map<string, Buffer>();
  const unfinished = new Set<string>();
  const leaves = new Map<string, Leave>();
  const experiments = new Map<string, string>();
  const runs = new Map<string, Json>();
  const loggedModels = new Map<string, Json>();
  const registered = new Map<string, { aliases: Map<string, string>; tags: Map<string, string> }>();
  const versions = new Map<string, Json>();
  let count = 0;

  const error = (status: number, error_code: string, message: string): Answer => ({
    status,
    body: { error_code, message },
  });
  const ok = (body: Json = {}): Answer => ({ status: 200, body });
  const none = (what: string) => error(404, "RESOURCE_DOES_NOT_EXIST", `no ${what}`);
  const pairs = (tags: Map<string, string>) => [...tags].map(([key, value]) => ({ key, value }));

  function sign(key: string, write: boolean, kind = state.kind) {
    const signature = `s3cret+${++count}/=`;
    leaves.set(signature, { kind, key, write });
    const header = signedHeader[kind];
    return {
      signed_uri: `${storageHost}/bucket/${encodeURIComponent(key)}?sig=${encodeURIComponent(signature)}`,
      type: kind,
      headers: header === undefined ? [] : [{ name: header, value: "AES256" }],
    };
  }
  const hasVersion = (name: string, version: string) => versions.has(`${name}/${version}`);
  const catalog = "/api/2.0/mlflow/unity-catalog";
  const versionBody = (version: Json) => {
    const aliases = [...registered.get(version.name)!.aliases]
      .filter(([, at]) => at === version.version)
      .map(([alias, at]) => ({ alias, version: at }));
    return { ...version, tags: pairs(version.tags), aliases };
  };
  const badTag = (key: string) =>
    /[.,\-=/:]/.test(key) ? error(400, "INVALID_PARAMETER_VALUE", key) : undefined;

  type Route = [members: string[], answer: (given: Json, at: string[]) => Answer];
  const routes: Record<string, Route> = {
    "GET /api/2.0/mlflow/experiments/get-by-name": [
      ["experiment_name"],
      ({ experiment_name }) =>
        experiments.has(experiment_name)
          ? ok({ experiment: { experiment_id: experiments.get(experiment_name), lifecycle_stage: "active" } })
          : none("experiment"),
    ],
    "POST /api/2.0/mlflow/experiments/create": [
      ["name", "tags"],
      ({ name }) => {
        if (!name.startsWith("/"))
          return error(400, "INVALID_PARAMETER_VALUE", "an absolute path is expected");
        experiments.set(name, String(++count));
        return ok({ experiment_id: String(count) });
      },
    ],
    "POST /api/2.0/mlflow/runs/create": [
      ["experiment_id", "run_name", "start_time", "tags"],
      ({ experiment_id, run_name }) => {
        const run_id = `run${++count}`;
        const artifact_uri = `dbfs:/databricks/mlflow-tracking/${experiment_id}/${run_id}/artifacts`;
        const info = {
          run_id,
          run_name,
          experiment_id,
          status: "RUNNING",
          artifact_uri,
          lifecycle_stage: "active",
        };
        runs.set(run_id, { info, data: {} });
        return ok({ run: runs.get(run_id) });
      },
    ],
    "GET /api/2.0/mlflow/runs/get": [
      ["run_id", "run_uuid"],
      ({ run_id }) => (runs.has(run_id) ? ok({ run: runs.get(run_id) }) : none("run")),
    ],
    "POST /api/2.0/mlflow/runs/update": [["run_id", "status", "end_time"], () => ok()],
    "POST /api/2.0/mlflow/runs/log-batch": [["run_id", "metrics", "params", "tags"], () => ok()],
    "POST /api/2.0/mlflow/runs/outputs": [["run_id", "models"], () => ok()],
    "GET /api/2.0/mlflow/artifacts/list": [
      ["run_id", "path", "page_token"],
      ({ run_id, path = "", page_token }) =>
        runs.has(run_id) ? ok(list(run_id, path, page_token)) : none("run"),
    ],
    ...Object.fromEntries(
      ["read", "write"].map((to): [string, Route] => [
        `POST /api/2.0/mlflow/artifacts/credentials-for-${to}`,
        [
          ["run_id", "path", "page_token"],
          ({ run_id, path }) => {
            if (!runs.has(run_id)) return none("run");
            if (!Array.isArray(path) || path.length === 0)
              return error(400, "INVALID_PARAMETER_VALUE", "path");
            return ok({
              credential_infos: path.map((one: string) => ({
                run_id,
                path: one,
                ...sign(`${run_id}/${one}`, to === "write"),
              })),
            });
          },
        ],
      ]),
    ),
    "POST /api/2.0/mlflow/logged-models": [
      ["experiment_id", "name", "model_type", "source_run_id", "params", "tags"],
      ({ experiment_id, name }) => {
        const model_id = `m-${++count}`;
        const artifact_uri = `dbfs:/databricks/mlflow-tracking/${experiment_id}/logged_models/${model_id}/artifacts`;
        loggedModels.set(model_id, { info: { model_id, experiment_id, name, artifact_uri } });
        return ok({ model: loggedModels.get(model_id) });
      },
    ],
    "PATCH /api/2.0/mlflow/logged-models/*": [
      ["model_id", "status"],
      ({ status }, [id]) => {
        if (!["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"].includes(status))
          return error(400, "INVALID_PARAMETER_VALUE", "status");
        loggedModels.get(id!).info.status = status;
        return ok({ model: loggedModels.get(id!) });
      },
    ],
    "PATCH /api/2.0/mlflow/logged-models/*/tags": [
      ["model_id", "tags"],
      (_, [id]) => (loggedModels.has(id!) ? ok() : none("model")),
    ],
    "GET /api/2.0/mlflow/logged-models/*": [
      ["model_id"],
      (_, [id]) => (loggedModels.has(id!) ? ok({ model: loggedModels.get(id!) }) : none("model")),
    ],
    "GET /api/2.0/mlflow/logged-models/*/artifacts/directories": [
      ["artifact_directory_path", "page_token"],
      ({ artifact_directory_path = "", page_token }, [id]) =>
        ok(list(id!, artifact_directory_path, page_token)),
    ],
    ...Object.fromEntries(
      ["download", "upload"].map((to): [string, Route] => [
        `POST /api/2.0/mlflow/logged-models/*/artifacts/credentials-for-${to}`,
        [
          ["paths", "page_token"],
          ({ paths }, [id]) =>
            loggedModels.has(id!)
              ? ok({
                  credentials: paths.map((one: string) => ({
                    model_id: id,
                    credential_info: { path: one, ...sign(`${id}/${one}`, to === "upload") },
                  })),
                })
              : none("model"),
        ],
      ]),
    ),
    [`GET ${catalog}/registered-models/get`]: [
      ["name"],
      ({ name }) => {
        const found = registered.get(name);
        if (!found) return none("registered model");
        const aliases = [...found.aliases].map(([alias, version]) => ({ alias, version }));
        return ok({ registered_model: { name, aliases, tags: pairs(found.tags) } });
      },
    ],
    [`POST ${catalog}/registered-models/create`]: [
      ["name", "tags", "description"],
      ({ name }) => {
        if (name.split(".").length !== 3)
          return error(400, "INVALID_PARAMETER_VALUE", "specify all three levels");
        if (!name.startsWith("main.")) return none(`catalog of ${name}`);
        registered.set(name, { aliases: new Map(), tags: new Map() });
        return ok({ registered_model: { name } });
      },
    ],
    [`POST ${catalog}/registered-models/set-tag`]: [
      ["name", "key", "value"],
      ({ name, key, value }) => badTag(key) ?? (registered.get(name)!.tags.set(key, value), ok()),
    ],
    [`POST ${catalog}/registered-models/alias`]: [
      ["name", "alias", "version"],
      ({ name, alias, version }) => {
        if (!hasVersion(name, version)) return none("version");
        registered.get(name)!.aliases.set(alias, version);
        return ok();
      },
    ],
    [`DELETE ${catalog}/registered-models/alias`]: [
      ["name", "alias"],
      ({ name, alias }) => (registered.get(name)!.aliases.delete(alias), ok()),
    ],
    [`GET ${catalog}/registered-models/alias`]: [
      ["name", "alias"],
      ({ name, alias }) => {
        const version = registered.get(name)?.aliases.get(alias);
        return version === undefined
          ? none("alias")
          : ok({ model_version: versionBody(versions.get(`${name}/${version}`)) });
      },
    ],
    [`GET ${catalog}/registered-models:is-databricks-sdk-models-artifact-repository-enabled`]: [
      [],
      // Proto's JSON leaves out what is false.
      () =>
        ok(
          state.upload === "files-api" ? { is_databricks_sdk_models_artifact_repository_enabled: true } : {},
        ),
    ],
    [`POST ${catalog}/model-versions/create`]: [
      [
        ...["name", "source", "run_id", "description", "tags", "model_id"],
        ...["run_tracking_server_id", "feature_deps", "model_version_dependencies"],
      ],
      ({ name, tags = [], ...facts }) => {
        if (!registered.has(name)) return none("registered model");
        const bad = tags.map(({ key }: Json) => badTag(key)).find(Boolean);
        if (bad) return bad;
        const numbers = [...versions.values()]
          .filter((one) => one.name === name)
          .map((one) => Number(one.version));
        const version = String(1 + Math.max(0, ...numbers));
        const made = { name, version, ...facts, status: "PENDING_REGISTRATION" };
        versions.set(`${name}/${version}`, {
          ...made,
          tags: new Map(tags.map(({ key, value }: Json) => [key, value])),
        });
        return ok({ model_version: versionBody(versions.get(`${name}/${version}`)) });
      },
    ],
    [`POST ${catalog}/model-versions/finalize`]: [
      ["name", "version"],
      ({ name, version }) => {
        if (!stored.has(`/Models/${name.replaceAll(".", "/")}/${version}/MLmodel`))
          return error(400, "INVALID_STATE", "there is no MLmodel");
        const found = versions.get(`${name}/${version}`);
        found.status = "READY";
        return ok({ model_version: versionBody(found) });
      },
    ],
    [`DELETE ${catalog}/model-versions/delete`]: [
      ["name", "version"],
      ({ name, version }) => (versions.delete(`${name}/${version}`) ? ok() : none("version")),
    ],
    [`GET ${catalog}/model-versions/get`]: [
      ["name", "version"],
      ({ name, version }) =>
        hasVersion(name, version)
          ? ok({ model_version: versionBody(versions.get(`${name}/${version}`)) })
          : none("version"),
    ],
    [`GET ${catalog}/model-versions/search`]: [
      ["filter", "max_results", "page_token"],
      ({ filter, page_token = "0" }) => {
        const name = /^name = '([^']+)'$/.exec(filter)?.[1];
        if (name === undefined)
          return error(400, "INVALID_PARAMETER_VALUE", "one condition, on name or run_id");
        if (!registered.has(name)) return none("registered model");
        const found = [...versions.values()].filter((one) => one.name === name);
        const place = Number(page_token);
        const next = place + 2 < found.length ? { next_page_token: String(place + 2) } : {};
        const told = found.slice(place, place + 2).map(({ tags: _, ...facts }) => facts);
        return ok({ model_versions: told, ...next });
      },
    ],
    [`POST ${catalog}/model-versions/set-tag`]: [
      ["name", "version", "key", "value"],
      ({ name, version, key, value }) =>
        hasVersion(name, version)
          ? (badTag(key) ?? (versions.get(`${name}/${version}`).tags.set(key, value), ok()))
          : none("version"),
    ],
    [`POST ${catalog}/model-versions/generate-temporary-credentials`]: [
      ["name", "version", "operation"],
      ({ name, version, operation }) => {
        if (!hasVersion(name, version)) return none("version");
        if (operation !== "MODEL_VERSION_OPERATION_READ_WRITE")
          return error(400, "INVALID_PARAMETER_VALUE", "operation");
        const aws_temp_credentials = { access_key_id: "k", secret_access_key: "s3cret", session_token: "t" };
        return ok({
          credentials: {
            aws_temp_credentials,
            storage_mode: state.upload === "signed" ? "DEFAULT_STORAGE" : "CUSTOMER_HOSTED",
          },
        });
      },
    ],
    "POST /api/2.0/fs/create-upload-url": [
      ["path"],
      ({ path }) => {
        if (!path.startsWith("/Models/")) return error(400, "INVALID_PARAMETER_VALUE", "path");
        const { signed_uri, headers } = sign(path, true, "AWS_PRESIGNED_URL");
        return ok({ url: signed_uri, headers });
      },
    ],
  };

  /** A page of two of what stands in a folder. */
  function list(owner: string, folder: string, page_token = "0"): Json {
    const below = folder === "" ? "" : `${folder}/`;
    const found = new Map<string, Json>();
    for (const [key, content] of stored) {
      if (!key.startsWith(`${owner}/${below}`)) continue;
      const [first, ...deeper] = key.slice(`${owner}/${below}`.length).split("/");
      const path = `${below}${first}`;
      found.set(
        path,
        deeper.length > 0 ? { path, is_dir: true } : { path, is_dir: false, file_size: content.length },
      );
    }
    const place = Number(page_token);
    const files = [...found.values()].slice(place, place + 2);
    return { files, ...(place + 2 < found.size && { next_page_token: String(place + 2) }) };
  }

  function answer(request: IncomingMessage, url: URL, content: Buffer): Answer {
    const method = request.method!;
    calls.push(`${method} ${url.pathname}`);
    if (request.headers.authorization !== `Bearer ${token}`)
      return error(401, "UNAUTHENTICATED", `Credential was not sent or was of an unsupported type`);
    if (method === "PUT" && url.pathname.startsWith("/api/2.0/fs/files/Models/")) {
      if (state.upload !== "files-api") return error(403, "PERMISSION_DENIED", "not through the Files API");
      stored.set(decodeURIComponent(url.pathname.slice("/api/2.0/fs/files".length)), content);
      return { status: 204, body: undefined };
    }
    // MLflow's client tries this first, and falls back to signed addresses where it fails.
    if (url.pathname.includes("/fs/") && url.pathname.includes("/WorkspaceInternal/"))
      return error(403, "PERMISSION_DENIED", "not through the Files API");
    for (const [pattern, [members, reply]] of Object.entries(routes)) {
      const [verb, path] = pattern.split(" ") as [string, string];
      const form = new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("*", "([^/]+)")}$`);
      const at = form.exec(decodeURIComponent(url.pathname));
      if (verb !== method || !at) continue;
      const given = method === "GET" ? Object.fromEntries(url.searchParams) : JSON.parse(content.toString());
      const unknown = Object.keys(given).find((name) => !members.includes(name));
      if (unknown !== undefined) return error(400, "MALFORMED_REQUEST", `unknown member ${unknown}`);
      return reply(given, at.slice(1));
    }
    return error(404, "ENDPOINT_NOT_FOUND", `No API found for '${method} ${url.pathname}'`);
  }

  /** What the storage of a cloud answers: a status, an error's code, or what is stored. */
  function storageAnswer(request: IncomingMessage, url: URL, content: Buffer): [number, (string | Buffer)?] {
    const { headers } = request;
    const method = request.method!;
    if (headers.authorization !== undefined) return [400, "InvalidArgument"];
    const failing = state.failStorage.shift();
    if (failing) return [failing, "SlowDown"];
    const leave = leaves.get(url.searchParams.get("sig") ?? "");
    const key = decodeURIComponent(url.pathname.slice("/bucket/".length));
    if (leave?.key !== key || leave.write !== (method !== "GET")) return [403, "SignatureDoesNotMatch"];
    const { kind } = leave;
    const header = signedHeader[kind];
    if (header !== undefined && headers[header] !== "AES256") return [403, "SignatureDoesNotMatch"];
    if (!kind.startsWith("AZURE") && headers["content-type"] !== undefined)
      return [403, "SignatureDoesNotMatch"];
    if (method === "GET")
      return stored.has(key) && !unfinished.has(key) ? [200, stored.get(key)!] : [404, "NoSuchKey"];
    if (headers["content-length"] === undefined && method !== "GET") return [411, "MissingContentLength"];
    if (kind !== "AZURE_ADLS_GEN2_SAS_URI") {
      if (method !== "PUT") return [405, "MethodNotAllowed"];
      if (kind === "AZURE_SAS_URI" && headers["x-ms-blob-type"] !== "BlockBlob")
        return [400, "MissingRequiredHeader"];
      stored.set(key, content);
      return [kind === "AZURE_SAS_URI" ? 201 : 200];
    }
    const query = url.searchParams;
    if (method === "PUT" && query.get("resource") === "file" && content.length === 0) {
      stored.set(key, content);
      return [201];
    }
    if (method !== "PATCH" || query.get("action") !== "append") return [400, "InvalidQueryParameterValue"];
    if (!stored.has(key)) return [404, "PathNotFound"];
    if (query.get("position") !== String(stored.get(key)!.length)) return [400, "InvalidFlushPosition"];
    if (query.get("flush") === "true") unfinished.delete(key);
    else unfinished.add(key);
    stored.set(key, content);
    return [202];
  }

  async function contentOf(request: IncomingMessage): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  }
  const workspace = createServer((request, response) => {
    void contentOf(request).then((content) => {
      const { status, body } = answer(request, new URL(request.url!, "http://host"), content);
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  const storage = createServer((request, response) => {
    void contentOf(request).then((content) => {
      const [status, told] = storageAnswer(request, new URL(request.url!, "http://host"), content);
      const xml = typeof told === "string";
      response
        .writeHead(status, { "content-type": xml ? "application/xml" : "binary/octet-stream" })
        .end(xml ? `<Error><Code>${told}</Code><Signed>${request.url}</Signed></Error>` : told);
    });
  });
  const started = [workspace, storage];
  for (const one of started) await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  const [host, storageHost] = started.map(
    (one) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`,
  ) as [string, string];
  return {
    host,
    state,
    /** Method and path of what the workspace was asked. */
    calls,
    /** What storage holds, by owner and path. */
    stored,
    loggedModels,
    versions,
    close: () =>
      Promise.all(
        started.map(
          (one) => new Promise<void>((resolve) => (one.close(() => resolve()), one.closeAllConnections())),
        ),
      ),
  };
}

export type WorkspaceMlflow = Awaited<ReturnType<typeof startWorkspaceMlflow>>;

/** Starts one for each test of a file, as the tracking server of the process. */
export function workspaceMlflow(): { readonly current: WorkspaceMlflow } {
  const standIn = {} as { current: WorkspaceMlflow };
  let home: string;
  beforeEach(async () => {
    const token = "dapi-of-a-test";
    standIn.current = await startWorkspaceMlflow({ token });
    home = mkdtempSync(join(tmpdir(), "lmframe-workspace-"));
    vi.stubEnv("LMFRAME_HOME", home);
    vi.stubEnv("DATABRICKS_HOST", standIn.current.host);
    vi.stubEnv("MLFLOW_TRACKING_URI", standIn.current.host);
    vi.stubEnv("MLFLOW_TRACKING_TOKEN", token);
    setExperiment("/Users/ana/triage");
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true, force: true });
    await standIn.current.close();
  });
  return standIn;
}
