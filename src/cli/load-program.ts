import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../core/index.ts";
import { loadProgram, Module } from "../modules/index.ts";

/**
 * The program a command names: a saved file (`.json`) of a lone predictor, or a module (`.ts`, `.js`, `.mjs`)
 * that exports a program or the class of one, as default, as `program`, or as its only program. `state` is a
 * saved file to load into it.
 */
export async function programAt(path: string, state?: string): Promise<Module> {
  const program = path.endsWith(".json") ? await loadProgram(path) : await exportedProgram(path);
  return state === undefined ? program : program.load(state);
}

async function exportedProgram(path: string): Promise<Module> {
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (error) {
    throw new ConfigurationError(`cannot load the program ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const named = [exported.default, exported.program].map(made).find((program) => program !== undefined);
  if (named) return named;
  const programs = Object.values(exported)
    .map(made)
    .filter((program) => program !== undefined);
  if (programs.length === 1) return programs[0]!;
  throw new ConfigurationError(
    `${path} exports ${programs.length === 0 ? "no program" : `${programs.length} programs`} ` +
      `(exports: ${Object.keys(exported).join(", ") || "none"}); export the one to use as default`,
  );
}

function made(value: unknown): Module | undefined {
  if (value instanceof Module) return value;
  if (typeof value === "function" && value.prototype instanceof Module)
    return new (value as new () => Module)();
  return undefined;
}
