import { readFile, rename, writeFile } from "node:fs/promises";
import type { Demo } from "../adapters/index.ts";
import { ConfigurationError } from "../core/index.ts";
import { signature as readSignature } from "../signature/index.ts";
import { Calibration } from "./calibration.ts";
import { ChainOfThought } from "./chain-of-thought.ts";
import type { Module } from "./module.ts";
import { Predict } from "./predict.ts";
import type { Extension, ExtensionReader, FieldState, PredictorEdit } from "./state.ts";
import { unknownPath } from "./structure.ts";

/**
 * The versions the file format is of. DSPy refuses a file whose `metadata` lacks them or names others, and only
 * warns where they differ from its own.
 */
const formatVersions = { python: "3.11", dspy: "3.4.1", cloudpickle: "3.1" };

/** Extensions of our own; a program that has them loads without being given their readers. */
const ownReaders: Record<string, ExtensionReader> = { calibration: Calibration.read };

/** Has programs with the extension `name`, which stands in a room above, load without being given its reader. */
export function knowExtension(name: string, reader: ExtensionReader): void {
  ownReaders[name] = reader;
}

/** A predictor as DSPy saves it, with what is ours under `lmframe`. */
interface SavedPredictor {
  traces: readonly unknown[];
  train: readonly unknown[];
  demos: readonly Demo[];
  signature: { instructions: string; fields: readonly FieldState[] };
  lm: null;
  lmframe?: { model?: string; extensions?: Record<string, { version: number; state: unknown }> };
}

/** What a saved file says of a program that is a lone predictor, so that it can be made without its source. */
interface SavedKind {
  kind: "Predict" | "ChainOfThought";
  signature: string;
}

interface SavedMetadata {
  dependency_versions: Record<string, string>;
  lmframe?: SavedKind;
}

/** The state of a program as plain data, in the form DSPy 3.4 saves. A lone predictor stands flat. */
export function programToJSON(program: Module): Record<string, unknown> {
  const predictors = program.predictors();
  const kind = savedKind(program);
  const metadata: SavedMetadata = {
    dependency_versions: formatVersions,
    ...(kind && { lmframe: kind }),
  };
  const lone = predictors.get("self");
  if (lone) return { ...savePredictor(lone), metadata };
  return {
    ...Object.fromEntries([...predictors].map(([path, predictor]) => [path, savePredictor(predictor)])),
    metadata,
  };
}

/** Writes {@link programToJSON} to a file, aside first and then in its place. */
export async function saveProgram(program: Module, path: string): Promise<void> {
  const extended = [...program.predictors()].filter(
    ([, { extensions }]) => Object.keys(extensions).length > 0,
  );
  for (const [at, { extensions }] of extended) {
    process.emitWarning(
      `the predictor "${at}" has extensions that DSPy ignores when it loads this file: ${Object.keys(extensions).join(", ")}`,
    );
  }
  const aside = `${path}.${process.pid}.part`;
  await writeFile(aside, `${JSON.stringify(programToJSON(program), null, 2)}\n`);
  await rename(aside, path);
}

/** `program` with the state of the file at `path`; see `Module.load`. */
export async function loadState<P extends Module>(
  program: P,
  path: string,
  extensions: Readonly<Record<string, ExtensionReader>>,
): Promise<P> {
  return withState(program, await readSaved(path), path, extensions);
}

/**
 * The lone predictor that a file of lmframe holds, made from the kind and signature in its metadata. Loading
 * takes no model, endpoint or key from a file.
 */
export async function loadProgram(
  path: string,
  extensions: Readonly<Record<string, ExtensionReader>> = {},
): Promise<Predict | ChainOfThought> {
  return programFromJSON(await readSaved(path), path, extensions);
}

/** {@link loadProgram} of data that was read already; `source` is named in errors. */
export function programFromJSON(
  saved: Readonly<Record<string, unknown>>,
  source: string,
  extensions: Readonly<Record<string, ExtensionReader>> = {},
): Predict | ChainOfThought {
  const kind = (saved.metadata as SavedMetadata | undefined)?.lmframe;
  if (typeof kind?.signature !== "string" || (kind.kind !== "Predict" && kind.kind !== "ChainOfThought")) {
    throw new ConfigurationError(
      `${source} does not say which program it is of (metadata.lmframe with kind and signature). ` +
        `Load it into the program it was saved from: await new MyProgram().load("${source}").`,
    );
  }
  const program = kind.kind === "Predict" ? new Predict(kind.signature) : new ChainOfThought(kind.signature);
  return withState(program as Module, saved, source, extensions) as Predict | ChainOfThought;
}

/** `program` with the given state; `source` is named in errors. */
export function withState<P extends Module>(
  program: P,
  saved: Readonly<Record<string, unknown>>,
  source: string,
  extensions: Readonly<Record<string, ExtensionReader>> = {},
): P {
  const predictors = program.predictors();
  const entries = predictors.has("self")
    ? { self: saved }
    : Object.fromEntries(Object.entries(saved).filter(([path]) => path !== "metadata"));
  for (const path of Object.keys(entries))
    if (!predictors.has(path)) throw unknownPath(path, predictors.keys());
  const edits: Record<string, PredictorEdit> = {};
  for (const [path, predictor] of predictors) {
    const entry = entries[path];
    if (entry === undefined) {
      throw new ConfigurationError(
        `${source} holds no state for the predictor "${path}". It holds: ${Object.keys(entries).join(", ") || "none"}.`,
      );
    }
    edits[path] = readPredictor(entry, predictor, `${source}, predictor "${path}"`, {
      ...ownReaders,
      ...extensions,
    });
  }
  return program.with(edits);
}

function savePredictor(predictor: Predict): SavedPredictor {
  const { instructions, demos, fields, lm, extensions } = predictor.state;
  const own = {
    ...(lm && { model: lm.name }),
    ...(Object.keys(extensions).length > 0 && { extensions: saveExtensions(extensions) }),
  };
  const names = predictor.signature.fields.map((field) => field.name);
  return {
    traces: [],
    train: [],
    demos,
    signature: {
      instructions,
      fields: fields.map(({ prefix, description }, index) => ({
        prefix,
        description: description || `\${${names[index]}}`,
      })),
    },
    lm: null,
    ...(Object.keys(own).length > 0 && { lmframe: own }),
  };
}

function saveExtensions(extensions: Readonly<Record<string, Extension>>) {
  return Object.fromEntries(
    Object.entries(extensions).map(([name, extension]) => [
      name,
      { version: extension.version, state: extension.toJSON() },
    ]),
  );
}

function readPredictor(
  entry: unknown,
  predictor: Predict,
  place: string,
  readers: Readonly<Record<string, ExtensionReader>>,
): PredictorEdit {
  const saved = entry as Partial<SavedPredictor> | null;
  const { instructions, fields } = saved?.signature ?? {};
  if (typeof instructions !== "string" || !Array.isArray(fields) || !Array.isArray(saved?.demos)) {
    throw new ConfigurationError(
      `${place}: found no state of a predictor (demos, signature with instructions and fields)`,
    );
  }
  const expected = predictor.signature.fields;
  const labels = fields as FieldState[];
  if (labels.length !== expected.length || !labels.every(isFieldState)) {
    throw new ConfigurationError(
      `${place}: found ${labels.length} fields (${fields.map((field: FieldState | null) => field?.prefix).join(" ")}), ` +
        `expected ${expected.length} for ${predictor.signature.toString()}`,
    );
  }
  for (const [index, { name }] of expected.entries()) {
    // DSPy writes ${name} where nothing was said of a field, so a field of another name shows.
    const other = /^\$\{(.*)\}$/.exec(labels[index]!.description)?.[1];
    if (other !== undefined && other !== name) {
      throw new ConfigurationError(
        `${place}: found the field "${other}" where ${predictor.signature.toString()} has "${name}"`,
      );
    }
  }
  const extensions: Record<string, Extension> = {};
  for (const [name, { version, state }] of Object.entries(saved.lmframe?.extensions ?? {})) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!read) {
      throw new ConfigurationError(
        `${place}: the saved program uses the extension "${name}"; give its reader: load(path, { ${name}: … })`,
      );
    }
    extensions[name] = read(state, version);
  }
  return {
    instructions,
    demos: saved.demos,
    fields: labels.map(({ prefix, description }, index) => ({
      prefix,
      description: description === `\${${expected[index]!.name}}` ? "" : description,
    })),
    extensions,
  };
}

function isFieldState(field: unknown): field is FieldState {
  const { prefix, description } = (field ?? {}) as Partial<FieldState>;
  return typeof prefix === "string" && typeof description === "string";
}

function savedKind(program: Module): SavedKind | undefined {
  // A subclass does more than its base: the base alone would not stand for it.
  const kinds: Record<SavedKind["kind"], unknown> = { Predict, ChainOfThought };
  const kind = (Object.keys(kinds) as SavedKind["kind"][]).find(
    (name) => kinds[name] === program.constructor,
  );
  if (kind === undefined) return undefined;
  const spelt = kind === "ChainOfThought" ? program.signature.without("reasoning") : program.signature;
  const text = spelt.toString();
  try {
    readSignature(text);
  } catch {
    // A type that only code can express (zod) has no spelling: the file then loads into the program alone.
    return undefined;
  }
  return { kind, signature: text };
}

async function readSaved(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigurationError(`cannot read the saved program ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    const saved: unknown = JSON.parse(text);
    if (typeof saved === "object" && saved !== null && !Array.isArray(saved))
      return saved as Record<string, unknown>;
  } catch (error) {
    throw new ConfigurationError(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  throw new ConfigurationError(`${path} holds no saved program: found JSON that is not an object`);
}
