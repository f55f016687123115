import { createHash } from "node:crypto";
import { ConfigurationError, nearest, redactor } from "../core/index.ts";
import type { Module } from "../modules/index.ts";
import type { MlflowClient } from "./client.ts";
import { linkedRuns, linkRun } from "./prompt-runs.ts";
import {
  createRegistered,
  createVersion,
  type ModelVersion,
  searchVersions,
  setVersionTag,
  versionsOf,
} from "./registry.ts";
import { connectServer } from "./server.ts";
import { runOnServer } from "./stored-run.ts";
import { isWorkspace } from "./workspace.ts";

/** One predictor's instructions in MLflow's prompt registry. */
export interface PromptVersion {
  readonly name: string;
  readonly version: string;
  /** The instructions. */
  readonly text: string;
  /** Of all that the predictor is told: instructions, descriptions of fields, demos. */
  readonly digest: string;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The last evaluation of a program that used it; undefined where there was none. */
  readonly evaluation: PromptEvaluation | undefined;
  /** Ids of the runs that used it, oldest first. */
  readonly runs: readonly string[];
}

/** An evaluation that stands for a prompt. */
export interface PromptEvaluation {
  readonly runId: string;
  readonly metric: string;
  readonly score: number;
}

/** A prompt as a program has it. */
export interface ProgramPrompt {
  /** The program's name and the predictor's path: `support.query.predict`; of a lone predictor, the name alone. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly digest: string;
  readonly signature: string;
}

const tags = {
  isPrompt: "mlflow.prompt.is_prompt",
  text: "mlflow.prompt.text",
  type: "_mlflow_prompt_type",
  linked: "mlflow.linkedPrompts",
  digest: "lmframe.digest",
  evaluation: "lmframe.evaluation",
};
const onlyPrompts = `tag.\`${tags.isPrompt}\` = 'true'`;
const api = "api/2.0/mlflow";

/** The prompts of a program, in the order of its predictors. */
export function promptsOf(program: Module, name: string): ProgramPrompt[] {
  const redact = redactor();
  return [...program.predictors()].map(([path, { state, signature }]) => {
    const { instructions, fields, demos } = state;
    const told = JSON.stringify({ instructions, fields, demos });
    return {
      name: path === "self" ? promptName(name) : promptName(`${name}.${path}`),
      path,
      text: redact.text(instructions),
      digest: createHash("sha256").update(told).digest("hex"),
      signature: signature.toString(),
    };
  });
}

/** As MLflow takes it: letters, digits and `_ . -`; `judges[0]` becomes `judges.0`. */
function promptName(name: string): string {
  return name.replace(/\[['"]?(.*?)['"]?\]/g, ".$1").replace(/[^\w.-]/g, "_");
}

/** What the versions are of. */
export interface RegisterPromptsOptions {
  /** Says what changed. */
  message?: string | undefined;
  /** A run that used them, by its id. */
  runId?: string | undefined;
  /** A logged model that has them, by its id. */
  modelId?: string | undefined;
}

/**
 * Registers a program's prompts: a new version of each that differs from its last in instructions, descriptions of
 * fields or demos; the known version of one that was there before.
 *
 * @param name - of the program; see {@link ProgramPrompt.name}.
 */
export async function registerPrompts(
  program: Module,
  name: string,
  options: RegisterPromptsOptions = {},
): Promise<PromptVersion[]> {
  const { client } = await connectServer();
  const found: PromptVersion[] = [];
  for (const prompt of promptsOf(program, name)) {
    const known = (await promptVersions(prompt.name)).find(({ digest }) => digest === prompt.digest);
    found.push(known ?? (await create(client, prompt, options.message)));
  }
  if (options.runId !== undefined) await linkToRun(client, found, options.runId);
  if (options.modelId !== undefined) await linkToModel(client, found, options.modelId);
  return found;
}

async function create(client: MlflowClient, prompt: ProgramPrompt, message = ""): Promise<PromptVersion> {
  await createRegistered(client, prompt.name, { [tags.isPrompt]: "true", [tags.type]: "text" });
  return stored(
    await createVersion(client, {
      name: prompt.name,
      source: "prompt-template",
      description: message,
      tags: {
        [tags.isPrompt]: "true",
        [tags.type]: "text",
        [tags.text]: prompt.text,
        [tags.digest]: prompt.digest,
        "lmframe.signature": prompt.signature,
        "lmframe.path": prompt.path,
      },
    }),
  );
}

/** The server, where it keeps prompts. @throws ConfigurationError for a Databricks workspace. */
async function connectPrompts(): Promise<MlflowClient> {
  const { client } = await connectServer();
  if (!isWorkspace(client.uri)) return client;
  throw new ConfigurationError(
    `prompts cannot be kept on the Databricks workspace ${client.uri}, whose registry of prompts lmframe does not speak to: ` +
      "leave `prompts` out, or keep them on an MLflow server (MLFLOW_TRACKING_URI)",
  );
}

/** The versions of a prompt, newest first; none where there is no such prompt. */
export async function promptVersions(name: string): Promise<PromptVersion[]> {
  const client = await connectPrompts();
  return (await versionsOf(client, name, onlyPrompts)).map(stored);
}

/**
 * One version of a prompt.
 *
 * @param which - its number or an alias; default the newest.
 * @throws ConfigurationError where there is none.
 */
export async function promptVersion(name: string, which?: string | number): Promise<PromptVersion> {
  const all = await promptVersions(name);
  const version =
    which === undefined
      ? all[0]
      : all.find((one) => one.version === String(which) || one.aliases.includes(String(which)));
  if (version) return version;
  if (all.length > 0) {
    throw new ConfigurationError(
      `the prompt "${name}" has no version ${which}; it has ${all.map((one) => one.version).join(", ")}`,
    );
  }
  const names = (await listPrompts()).map((prompt) => prompt.name);
  const guess = nearest(name, names);
  throw new ConfigurationError(
    `no prompt "${name}"${guess === undefined ? "" : `; did you mean "${guess}"?`} There ${names.length === 0 ? "are none" : `are: ${names.join(", ")}`}`,
  );
}

/** The newest version of each prompt of the registry, by name; their aliases are left out. */
export async function listPrompts(): Promise<PromptVersion[]> {
  const client = await connectPrompts();
  const newest = new Map<string, PromptVersion>();
  for (const version of await searchVersions(client, onlyPrompts)) {
    if (!newest.has(version.name)) newest.set(version.name, stored(version));
  }
  return [...newest.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Notes an evaluation among the prompts of its program. */
export async function noteEvaluation(
  prompts: readonly PromptVersion[],
  evaluation: PromptEvaluation,
): Promise<PromptVersion[]> {
  const text = JSON.stringify(evaluation);
  for (const { name, version } of prompts) await setVersionTag(name, version, tags.evaluation, text);
  return prompts.map((prompt) => ({ ...prompt, evaluation }));
}

/**
 * How a prompt of a program stands. `evaluated`: as registered, and evaluated; `unevaluated`: registered, and not
 * evaluated; `changed`: not among the registered versions; `new`: nothing is registered of it.
 */
export interface PromptCheck extends ProgramPrompt {
  readonly status: "evaluated" | "unevaluated" | "changed" | "new";
  /** The registered version it is, where it is one. */
  readonly version: PromptVersion | undefined;
  /** The last version that was evaluated, which a change is held against. */
  readonly last: PromptVersion | undefined;
}

/** Compares a program's prompts with the registry: whether each was evaluated as it stands. */
export async function checkPrompts(program: Module, name: string): Promise<PromptCheck[]> {
  return Promise.all(
    promptsOf(program, name).map(async (prompt): Promise<PromptCheck> => {
      const known = await promptVersions(prompt.name);
      const version = known.find(({ digest }) => digest === prompt.digest);
      const status =
        known.length === 0 ? "new" : !version ? "changed" : version.evaluation ? "evaluated" : "unevaluated";
      return { ...prompt, status, version, last: known.find(({ evaluation }) => evaluation !== undefined) };
    }),
  );
}

/** What changed from one text to another, as a unified diff; empty where nothing did. */
export async function diffPrompts(
  before: Pick<PromptVersion, "name" | "version" | "text">,
  after: Pick<PromptVersion, "name" | "version" | "text">,
): Promise<string> {
  if (before.text === after.text) return "";
  const { createTwoFilesPatch } = await import("diff");
  const title = ({ name, version }: Pick<PromptVersion, "name" | "version">) => `${name} ${version}`;
  const patch = createTwoFilesPatch(title(before), title(after), `${before.text}\n`, `${after.text}\n`);
  return patch.replace(/^=+\n/, "");
}

async function linkToRun(
  client: MlflowClient,
  prompts: readonly PromptVersion[],
  runId: string,
): Promise<void> {
  const { data, info } = await runOnServer(client, runId);
  const before = data.tags?.find(({ key }) => key === tags.linked)?.value;
  await client.logBatch(runId, { tags: [{ key: tags.linked, value: linked(before, prompts) }] });
  for (const prompt of prompts) await linkRun(prompt, { runId, experimentId: info.experiment_id });
}

async function linkToModel(
  client: MlflowClient,
  prompts: readonly PromptVersion[],
  modelId: string,
): Promise<void> {
  const path = `${api}/logged-models/${modelId}`;
  const { model } = await client.rest.json<{ model: { info: { tags?: { key: string; value: string }[] } } }>({
    doing: "read the model",
    method: "get",
    path,
  });
  const before = model.info.tags?.find(({ key }) => key === tags.linked)?.value;
  await client.rest.json({
    doing: "name the model's prompts",
    method: "patch",
    path: `${path}/tags`,
    json: { model_id: modelId, tags: [{ key: tags.linked, value: linked(before, prompts) }] },
  });
}

/** The tag by which MLflow knows the prompts of a run or model, with further ones. */
function linked(before: string | undefined, prompts: readonly PromptVersion[]): string {
  const entries = before === undefined ? [] : (JSON.parse(before) as { name: string; version: string }[]);
  for (const { name, version } of prompts) {
    if (!entries.some((entry) => entry.name === name && entry.version === version)) {
      entries.push({ name, version });
    }
  }
  return JSON.stringify(entries);
}

function stored({ name, version, aliases, tags: all, description, createdAt }: ModelVersion): PromptVersion {
  const evaluation = all[tags.evaluation];
  return {
    name,
    version,
    text: all[tags.text] ?? "",
    digest: all[tags.digest] ?? "",
    aliases,
    tags: all,
    description,
    createdAt,
    evaluation: evaluation === undefined ? undefined : (JSON.parse(evaluation) as PromptEvaluation),
    runs: linkedRuns(all),
  };
}
