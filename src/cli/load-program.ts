import { existsSync } from "node:fs";
import nodeModule from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../core/index.ts";
import { exportedProgram, loadProgram, type Module } from "../modules/index.ts";
import { entryAddress } from "../services/index.ts";

/**
 * The program a command names: a saved file (`.json`) of a lone predictor, or a module (`.ts`, `.js`, `.mjs`)
 * that exports a program or the class of one, as default, as `program`, or as its only program. `state` is a
 * saved file to load into it.
 */
export async function programAt(path: string, state?: string): Promise<Module> {
  const program = path.endsWith(".json") ? await loadProgram(path) : await importedProgram(path);
  return state === undefined ? program : program.load(state);
}

async function importedProgram(path: string): Promise<Module> {
  if (!existsSync(path)) throw new ConfigurationError(`no such program: ${path}`);
  shareOwnPackage();
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (error) {
    // The program is the user's own code: where it failed matters.
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new ConfigurationError(`cannot load the program ${path}: ${reason}`, { cause: error });
  }
  return exportedProgram(exported, path);
}

let shared = false;

/**
 * Has programs import this very copy of lmframe, whether or not one is installed beside them: two copies would not
 * know each other's errors. Node before 22.15 has no such hook, and takes the copy beside the program.
 */
function shareOwnPackage(): void {
  if (shared) return;
  shared = true;
  (nodeModule as Partial<typeof nodeModule>).registerHooks?.({
    resolve: (specifier, context, next) => {
      const url = entryAddress(specifier);
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
}
