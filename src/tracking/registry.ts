import { ConfigurationError } from "../core/index.ts";
import type { MlflowClient } from "./client.ts";
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
  aliases?: string[];
  tags?: { key: string; value: string }[];
  source?: string;
  run_id?: string;
  description?: string;
  creation_timestamp?: number;
}

const api = "api/2.0/mlflow";

/** The registered model's tag with the versions an alias stood at before, newest last. */
const historyTag = (alias: string) => `lmframe.was_${alias}`;
const longestHistory = 100;

/**
 * Registers a logged model as the next version of `name`; the registered model is made where there is none. Names of
 * Unity Catalog (`catalog.schema.model`) go as they stand.
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
  await createRegistered(client, name);
  const made = await createVersion(client, {
    name,
    source: `models:/${model.modelId}`,
    model_id: model.modelId,
    run_id: model.runId,
    ...facts,
  });
  for (const alias of aliases) await setAlias(name, alias, made.version);
  return aliases.length === 0 ? made : version(name, made.version);
}

/** A version by its number or an alias. @throws TrackingError where there is none. */
export async function version(name: string, which: string | number): Promise<ModelVersion> {
  const { client } = await connectServer();
  const byNumber = /^\d+$/.test(String(which));
  const answer = await client.rest.json<{ model_version: ServerVersion }>({
    doing: `read ${byNumber ? "version" : "the alias"} ${which} of "${name}"`,
    method: "get",
    path: byNumber ? `${api}/model-versions/get` : `${api}/registered-models/alias`,
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
  const found = await searchVersions(client, condition === undefined ? named : `${condition} AND ${named}`);
  // What the server finds by a search does not say its aliases.
  const aliases = found.length > 0 ? ((await readRegistered(client, name))?.aliases ?? []) : [];
  return found.map((entry) => ({
    ...entry,
    aliases: aliases.filter(({ version }) => version === entry.version).map(({ alias }) => alias),
  }));
}

/** The versions that match MLflow's filter language, newest first, without their aliases. @internal */
export async function searchVersions(client: MlflowClient, filter: string): Promise<ModelVersion[]> {
  const found: ModelVersion[] = [];
  let token: string | undefined;
  do {
    const page = await client.rest.json<{ model_versions?: ServerVersion[]; next_page_token?: string }>({
      doing: "list versions",
      method: "get",
      path: `${api}/model-versions/search`,
      query: { filter, max_results: "200", ...(token ? { page_token: token } : {}) },
    });
    found.push(...(page.model_versions ?? []).map((entry) => stored(entry, client)));
    token = page.next_page_token;
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
    const history = [...historyOf(registered, alias), before].slice(-longestHistory);
    await setModelTag(client, name, historyTag(alias), JSON.stringify(history));
  }
  await putAlias(client, name, alias, number);
}

/** Takes an alias away; the version stays. */
export async function removeAlias(name: string, alias: string): Promise<void> {
  const { client } = await connectServer();
  await client.rest.json({
    doing: `take the alias ${alias} from "${name}"`,
    method: "delete",
    path: `${api}/registered-models/alias`,
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
  const history = historyOf(await readRegistered(client, name), alias);
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
  await setModelTag(client, name, historyTag(alias), JSON.stringify(history));
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
    path: `${api}/model-versions/set-tag`,
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
    path: `${api}/registered-models/get`,
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
      path: `${api}/registered-models/create`,
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
    path: `${api}/model-versions/create`,
    json: { ...facts, tags: pairs(tags) },
    idempotent: false,
  });
  return stored(model_version, client);
}

function historyOf(registered: ServerRegistered | undefined, alias: string): string[] {
  const text = registered?.tags?.find(({ key }) => key === historyTag(alias))?.value;
  return text === undefined ? [] : (JSON.parse(text) as string[]);
}

function numbered(versions: readonly string[]): string {
  return `${versions.length === 1 ? "version" : "versions"} ${versions.join(", ")}`;
}

async function exists(client: MlflowClient, name: string, version: string): Promise<boolean> {
  const answer = await client.rest.found<{ model_version: ServerVersion }>({
    doing: `look for version ${version} of "${name}"`,
    method: "get",
    path: `${api}/model-versions/get`,
    query: { name, version },
  });
  return answer !== undefined;
}

async function putAlias(client: MlflowClient, name: string, alias: string, version: string): Promise<void> {
  await client.rest.json({
    doing: `set the alias ${alias} of "${name}"`,
    method: "post",
    path: `${api}/registered-models/alias`,
    json: { name, alias, version },
  });
}

async function setModelTag(client: MlflowClient, name: string, key: string, value: string): Promise<void> {
  await client.rest.json({
    doing: `tag "${name}"`,
    method: "post",
    path: `${api}/registered-models/set-tag`,
    json: { name, key, value },
  });
}

function pairs(record: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function stored(entry: ServerVersion, client: MlflowClient): ModelVersion {
  const { name, version } = entry;
  return {
    name,
    version,
    aliases: entry.aliases ?? [],
    tags: Object.fromEntries((entry.tags ?? []).map(({ key, value }) => [key, value])),
    modelId: /^models:\/(m-\w+)$/.exec(entry.source ?? "")?.[1],
    runId: entry.run_id || undefined,
    description: entry.description ?? "",
    createdAt: Number(entry.creation_timestamp ?? 0),
    uri: `models:/${name}/${version}`,
    url: `${client.uri}/#/models/${encodeURIComponent(name)}/versions/${version}`,
  };
}
