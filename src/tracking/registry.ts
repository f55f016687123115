import { ConfigurationError, mapOrdered } from "../core/index.ts";
import { readModelFiles, writeVersionFiles } from "./catalog-files.ts";
import type { MlflowClient } from "./client.ts";
import { mlflowRegistry, type RegistryApi, registryApi } from "./registry-api.ts";
import { connectServer } from "./server.ts";

/** A version of a registered model. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** The logged model it is of. */
  readonly modelId: string | undefined;
  readonly runId: string | undefined;
  readonly description: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** By which MLflow's tools load it: `models:/name/3`. */
  readonly uri: string;
  /** Address of the version's page. */
  readonly url: string;
}

interface ServerVersion {
  name: string;
  version: string;
  /** Unity Catalog tells each with its version. */
  aliases?: (string | { alias: string })[];
  tags?: { key: string; value: string }[];
  source?: string;
  model_id?: string;
  run_id?: string;
  description?: string;
  creation_timestamp?: number;
}

interface VersionsPage {
  model_versions?: ServerVersion[];
  next_page_token?: string;
}

const longestHistory = 100;

/**
 * Registers a logged model as the next version of `name`; the registered model is made where there is none. On a
 * Databricks workspace `catalog.schema.model` is a model of Unity Catalog, whose versions hold copies of the files.
 *
 * @throws TrackingError where the server refuses, or the workspace leaves it to its clients to write files to a cloud's
 * storage; no version is left behind then.
 */
export async function register(
  model: { readonly modelId: string; readonly runId?: string | undefined },
  name: string,
  options: {
    description?: string;
    tags?: Readonly<Record<string, string>>;
    aliases?: readonly string[];
  } = {},
): Promise<ModelVersion> {
  const { client } = await connectServer();
  const { aliases = [], ...facts } = options;
  const { catalog } = registryApi(client, name);
  const files = catalog ? await readModelFiles(client, model.modelId) : undefined;
  await createRegistered(client, name);
  const made = await createVersion(client, {
    name,
    source: `models:/${model.modelId}`,
    model_id: model.modelId,
    run_id: model.runId,
    ...facts,
  });
  if (files) await fillVersion(client, made, files);
  for (const alias of aliases) await setAlias(name, alias, made.version);
  return aliases.length === 0 ? made : version(name, made.version);
}

/** Writes the files of a new version and declares it whole; where that fails, takes the version away. */
async function fillVersion(
  client: MlflowClient,
  made: ModelVersion,
  files: Awaited<ReturnType<typeof readModelFiles>>,
): Promise<void> {
  const { name, version } = made;
  const { path } = registryApi(client, name);
  try {
    await writeVersionFiles(client, made, files);
    await client.rest.json({
      doing: `finish version ${version} of "${name}"`,
      method: "post",
      path: `${path}/model-versions/finalize`,
      json: { name, version },
      idempotent: false,
    });
  } catch (error) {
    const doing = `take away version ${version} of "${name}"`;
    const removal = { doing, method: "delete", path: `${path}/model-versions/delete` } as const;
    await client.rest.json({ ...removal, json: { name, version } }).catch(() => undefined);
    throw error;
  }
}

/** A version by its number or an alias. @throws TrackingError where there is none. */
export async function version(name: string, which: string | number): Promise<ModelVersion> {
  const { client } = await connectServer();
  const byNumber = /^\d+$/.test(String(which));
  const answer = await client.rest.json<{ model_version: ServerVersion }>({
    doing: `read ${byNumber ? "version" : "the alias"} ${which} of "${name}"`,
    method: "get",
    path: `${registryApi(client, name).path}/${byNumber ? "model-versions/get" : "registered-models/alias"}`,
    query: { name, [byNumber ? "version" : "alias"]: String(which) },
  });
  // What the server finds by an alias does not say its aliases.
  return byNumber ? stored(answer.model_version, client) : version(name, answer.model_version.version);
}

/** The versions of a registered model, newest first; none where there is no such model. */
export async function versions(name: string): Promise<ModelVersion[]> {
  return versionsOf((await connectServer()).client, name);
}

/** {@link versions} that match a further condition of MLflow's filter language. @internal */
export async function versionsOf(
  client: MlflowClient,
  name: string,
  condition?: string,
): Promise<ModelVersion[]> {
  const named = `name = ${quoted(name)}`;
  const api = registryApi(client, name);
  const filter = condition === undefined ? named : `${condition} AND ${named}`;
  const found = await searchVersions(client, filter, api);
  if (api.catalog) {
    // What a search finds there does not say its tags either.
    const whole: ModelVersion[] = [];
    for await (const one of mapOrdered(found, (entry) => version(name, entry.version), { concurrency: 8 }))
      whole.push(one);
    return whole;
  }
  // What the server finds by a search does not say its aliases.
  const aliases = found.length > 0 ? ((await readRegistered(client, name))?.aliases ?? []) : [];
  return found.map((entry) => ({
    ...entry,
    aliases: aliases.filter(({ version }) => version === entry.version).map(({ alias }) => alias),
  }));
}

/** The versions that match MLflow's filter language, newest first, without their aliases. @internal */
export async function searchVersions(
  client: MlflowClient,
  filter: string,
  api: RegistryApi = mlflowRegistry,
): Promise<ModelVersion[]> {
  const found: ModelVersion[] = [];
  let token: string | undefined;
  do {
    const request = {
      doing: "list versions",
      method: "get",
      path: `${api.path}/model-versions/search`,
      query: { filter, max_results: "200", ...(token ? { page_token: token } : {}) },
    } as const;
    // Of a name that it does not know, Unity Catalog may say so, where MLflow finds nothing.
    const page = await (api.catalog
      ? client.rest.found<VersionsPage>(request)
      : client.rest.json<VersionsPage>(request));
    found.push(...(page?.model_versions ?? []).map((entry) => stored(entry, client)));
    token = page?.next_page_token;
  } while (token);
  return found.sort((a, b) => Number(b.version) - Number(a.version));
}

/** A name as a value of MLflow's filter language, which knows no escapes. */
function quoted(name: string): string {
  const quote = name.includes("'") ? '"' : "'";
  if (name.includes(quote)) {
    throw new ConfigurationError(`the name ${name} holds both kinds of quotes; MLflow cannot look for it`);
  }
  return `${quote}${name}${quote}`;
}

/** Names a version by an alias, which then names no other. What the alias named before is kept for {@link rollback}. */
export async function setAlias(name: string, alias: string, which: string | number): Promise<void> {
  const { client } = await connectServer();
  const { version: number } = await version(name, which);
  const registered = await readRegistered(client, name);
  const before = registered?.aliases?.find((entry) => entry.alias === alias)?.version;
  if (before === number) return;
  if (before !== undefined) {
    const key = registryApi(client, name).historyTag(alias);
    const history = [...historyOf(registered, key), before].slice(-longestHistory);
    await setModelTag(client, name, key, JSON.stringify(history));
  }
  await putAlias(client, name, alias, number);
}

/** Takes an alias away; the version stays. */
export async function removeAlias(name: string, alias: string): Promise<void> {
  const { client } = await connectServer();
  await client.rest.json({
    doing: `take the alias ${alias} from "${name}"`,
    method: "delete",
    path: `${registryApi(client, name).path}/registered-models/alias`,
    json: { name, alias },
  });
}

/** Makes a version the champion: what stands behind `models:/name@champion`. */
export async function promote(name: string, which: string | number = "challenger"): Promise<ModelVersion> {
  const { version: number, aliases } = await version(name, which);
  await setAlias(name, "champion", number);
  if (aliases.includes("challenger")) await removeAlias(name, "challenger");
  return version(name, number);
}

/**
 * Sets an alias back to the version it named before; again, to the one before that. Versions that were deleted are
 * passed over, and a warning of the process names them.
 *
 * @throws ConfigurationError where it never named another, or none of them is left.
 */
export async function rollback(name: string, alias = "champion"): Promise<ModelVersion> {
  const { client } = await connectServer();
  const key = registryApi(client, name).historyTag(alias);
  const history = historyOf(await readRegistered(client, name), key);
  const deleted: string[] = [];
  let last = history.pop();
  while (last !== undefined && !(await exists(client, name, last))) {
    deleted.push(last);
    last = history.pop();
  }
  if (last === undefined) {
    const reason =
      deleted.length === 0 ? "never named another version" : `named ${numbered(deleted)} before, now deleted`;
    throw new ConfigurationError(`${alias} of "${name}" ${reason}, so there is none to go back to`);
  }
  await putAlias(client, name, alias, last);
  await setModelTag(client, name, key, JSON.stringify(history));
  if (deleted.length > 0) {
    process.emitWarning(
      `${alias} of "${name}" goes back to version ${last}: it named ${numbered(deleted)} since, now deleted`,
    );
  }
  return version(name, last);
}

/** Sets a tag of a version. */
export async function setVersionTag(
  name: string,
  which: string | number,
  key: string,
  value: string,
): Promise<void> {
  const { client } = await connectServer();
  const { version: number } = await version(name, which);
  await client.rest.json({
    doing: `tag version ${number} of "${name}"`,
    method: "post",
    path: `${registryApi(client, name).path}/model-versions/set-tag`,
    json: { name, version: number, key, value },
  });
}

/** A registered model as the server tells of it. */
export interface ServerRegistered {
  name: string;
  aliases?: { alias: string; version: string }[];
  tags?: { key: string; value: string }[];
}

/** The registered model of this name; undefined where there is none. @internal */
export async function readRegistered(
  client: MlflowClient,
  name: string,
): Promise<ServerRegistered | undefined> {
  const answer = await client.rest.found<{ registered_model: ServerRegistered }>({
    doing: `read the registered model "${name}"`,
    method: "get",
    path: `${registryApi(client, name).path}/registered-models/get`,
    query: { name },
  });
  return answer?.registered_model;
}

/** Makes a registered model where there is none of the name. @internal */
export async function createRegistered(
  client: MlflowClient,
  name: string,
  tags: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (await readRegistered(client, name)) return;
  try {
    await client.rest.json({
      doing: `create the registered model "${name}"`,
      method: "post",
      path: `${registryApi(client, name).path}/registered-models/create`,
      json: { name, tags: pairs(tags) },
      idempotent: false,
    });
  } catch (error) {
    // Somebody else may have made it in between.
    if (!(await readRegistered(client, name))) throw error;
  }
}

/** Makes the next version of a registered model. @internal */
export async function createVersion(
  client: MlflowClient,
  {
    tags = {},
    ...facts
  }: { name: string; source: string; tags?: Readonly<Record<string, string>> } & Record<string, unknown>,
): Promise<ModelVersion> {
  const { model_version } = await client.rest.json<{ model_version: ServerVersion }>({
    doing: `create a version of "${facts.name}"`,
    method: "post",
    path: `${registryApi(client, facts.name).path}/model-versions/create`,
    json: { ...facts, tags: pairs(tags) },
    idempotent: false,
  });
  return stored(model_version, client);
}

function historyOf(registered: ServerRegistered | undefined, tag: string): string[] {
  const text = registered?.tags?.find(({ key }) => key === tag)?.value;
  return text === undefined ? [] : (JSON.parse(text) as string[]);
}

function numbered(versions: readonly string[]): string {
  return `${versions.length === 1 ? "version" : "versions"} ${versions.join(", ")}`;
}

async function exists(client: MlflowClient, name: string, version: string): Promise<boolean> {
  const answer = await client.rest.found<{ model_version: ServerVersion }>({
    doing: `look for version ${version} of "${name}"`,
    method: "get",
    path: `${registryApi(client, name).path}/model-versions/get`,
    query: { name, version },
  });
  return answer !== undefined;
}

async function putAlias(client: MlflowClient, name: string, alias: string, version: string): Promise<void> {
  await client.rest.json({
    doing: `set the alias ${alias} of "${name}"`,
    method: "post",
    path: `${registryApi(client, name).path}/registered-models/alias`,
    json: { name, alias, version },
  });
}

async function setModelTag(client: MlflowClient, name: string, key: string, value: string): Promise<void> {
  await client.rest.json({
    doing: `tag "${name}"`,
    method: "post",
    path: `${registryApi(client, name).path}/registered-models/set-tag`,
    json: { name, key, value },
  });
}

function pairs(record: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function stored(entry: ServerVersion, client: MlflowClient): ModelVersion {
  const { name, version } = entry;
  const page = registryApi(client, name).catalog
    ? `explore/data/models/${name.split(".").map(encodeURIComponent).join("/")}/version/${version}`
    : `#/models/${encodeURIComponent(name)}/versions/${version}`;
  return {
    name,
    version,
    aliases: (entry.aliases ?? []).map((one) => (typeof one === "string" ? one : one.alias)),
    tags: Object.fromEntries((entry.tags ?? []).map(({ key, value }) => [key, value])),
    modelId: /^models:\/(m-\w+)$/.exec(entry.source ?? "")?.[1] ?? (entry.model_id || undefined),
    runId: entry.run_id || undefined,
    description: entry.description ?? "",
    createdAt: Number(entry.creation_timestamp ?? 0),
    uri: `models:/${name}/${version}`,
    url: `${client.uri}/${page}`,
  };
}
