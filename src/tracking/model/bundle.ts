import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigurationError, redact } from "../../core/index.ts";
import { entries, isOwn, own } from "../../services/own-package.ts";
import { leaveOut, leftOutNamespace, onlyWhatIsUsed, requireStatically } from "./bundle-plugins.ts";

/** Native code, and what is for a notebook; a program that needs it takes it from where it is served. */
const alwaysLeftOut = ["@lancedb/lancedb", "onnxruntime-node", "danfojs", "tslab"];

/** What a worker begins with: a function of ours, and the text of its first argument; the program's exports follow. */
export interface WorkerEntry {
  /** File of ours, by its path without ending. */
  file: string;
  start: string;
  argument: string;
}

/** A worker as one file, and the user's own sources in it. */
export interface WorkerBundle {
  code: string;
  /** Path as it was written to text; without what comes from `node_modules`. */
  sources: ReadonlyMap<string, string>;
}

/**
 * A worker that runs a program elsewhere as one file that needs nothing but Node: ours, the program's module and all
 * they import.
 *
 * @param entry - which worker.
 * @param module - file that exports the program or its class; undefined for a lone predictor.
 * @param leftOut - packages that are not put into it.
 * @throws ConfigurationError where esbuild is not installed or the module cannot be bundled.
 */
export async function bundleWorker(
  { file, start, argument }: WorkerEntry,
  module: string | undefined,
  leftOut: readonly string[] = [],
): Promise<WorkerBundle> {
  const { build } = await import("esbuild").catch((cause: unknown) => {
    throw new ConfigurationError(
      "a program that runs elsewhere is bundled with esbuild: npm install esbuild",
      { cause },
    );
  });
  const program =
    module === undefined ? "" : `import * as program from ${JSON.stringify(resolve(module))};\n`;
  try {
    const { outputFiles, metafile } = await build({
      stdin: {
        contents:
          `import { ${start} } from ${JSON.stringify(own(file))};\n${program}` +
          `await ${start}(${argument}${module === undefined ? "" : ", program"});`,
        resolveDir: process.cwd(),
        sourcefile: "worker.mjs",
      },
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
      target: "node22.13",
      keepNames: true,
      alias: { ...entries },
      plugins: [leaveOut([...alwaysLeftOut, ...leftOut]), onlyWhatIsUsed, requireStatically],
      // Packages in CommonJS ask for Node's own modules by `require`.
      banner: {
        js: 'import { createRequire as require$ } from "node:module"; const require = require$(import.meta.url);',
      },
      logLevel: "silent",
    });
    return { code: outputFiles[0]!.text, sources: await readSources(Object.keys(metafile.inputs)) };
  } catch (error) {
    throw new ConfigurationError(
      `cannot bundle ${module ?? "the program"}: ${redact((error as Error).message)}`,
      {
        cause: error,
      },
    );
  }
}

async function readSources(inputs: readonly string[]): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const input of inputs) {
    const path = resolve(input);
    const isMade = input === "worker.mjs" || input.startsWith(`${leftOutNamespace}:`) || isOwn(path);
    if (isMade || /[\\/]node_modules[\\/]/.test(path)) continue;
    sources.set(input, await readFile(path, "utf8"));
  }
  return sources;
}
