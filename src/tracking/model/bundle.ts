import { readFile } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import type { Loader, Plugin } from "esbuild";
import { ConfigurationError, redact } from "../../core/index.ts";
import { packageRoot } from "../../services/home.ts";

/** The files of our own package that a worker is made of, from the build or from the source, as we run ourselves. */
const built = import.meta.url.endsWith(".js");
const own = (name: string) => join(packageRoot, built ? "dist" : "src", `${name}.${built ? "js" : "ts"}`);

/** Native code, and what is for a notebook; a program that needs it takes it from where it is served. */
const external = ["@lancedb/lancedb", "onnxruntime-node", "danfojs", "tslab"];

/** A worker as one file, and the user's own sources in it. */
export interface WorkerBundle {
  code: string;
  /** Path as it was written to text; without what comes from `node_modules`. */
  sources: ReadonlyMap<string, string>;
}

/**
 * The worker of a logged model as one file that needs nothing but Node: ours, the program's module and all they
 * import.
 *
 * @param module - file that exports the program or its class; undefined for a lone predictor.
 * @param leftOut - packages that are not put into it.
 * @throws ConfigurationError where esbuild is not installed or the module cannot be bundled.
 */
export async function bundleWorker(
  module: string | undefined,
  leftOut: readonly string[] = [],
): Promise<WorkerBundle> {
  const { build } = await import("esbuild").catch((cause: unknown) => {
    throw new ConfigurationError("logging a model bundles it with esbuild: npm install esbuild", { cause });
  });
  const program =
    module === undefined ? "" : `import * as program from ${JSON.stringify(resolve(module))};\n`;
  try {
    const { outputFiles, metafile } = await build({
      stdin: {
        contents:
          `import { startScoringWorker } from ${JSON.stringify(own("serving/scoring-worker"))};\n${program}` +
          `await startScoringWorker(import.meta.dirname${module === undefined ? "" : ", program"});`,
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
      external: [...external, ...leftOut],
      alias: { lmframe: own("index") },
      plugins: [onlyWhatIsUsed, requireStatically],
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

/** Lets go of those of our own files that nothing is used of: none does anything by being loaded. */
const onlyWhatIsUsed: Plugin = {
  name: "only-what-is-used",
  setup(build) {
    const asked = {};
    const filter = built ? /\.js$|^lmframe$/ : /\.ts$|^lmframe$/;
    build.onResolve({ filter }, async ({ path, pluginData, ...from }) => {
      if (pluginData === asked) return undefined;
      const found = await build.resolve(path, { ...from, pluginData: asked });
      return isOurs(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};

/** Has what our own files load on first use by `createRequire` put into the bundle as well. */
const requireStatically: Plugin = {
  name: "require-statically",
  setup(build) {
    build.onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
      if (!isOurs(path)) return undefined;
      const text = await readFile(path, "utf8");
      const contents = text.replace(
        /\bcreateRequire\d*\(import\.meta\.url\)\(\s*("[^"]+"),?\s*\)/g,
        "require($1)",
      );
      return { contents, loader: extname(path).slice(1) as Loader };
    });
  },
};

function isOurs(path: string): boolean {
  return path.startsWith(join(packageRoot, built ? "dist" : "src") + sep);
}

async function readSources(inputs: readonly string[]): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const input of inputs) {
    const path = resolve(input);
    const isOurs = [join(packageRoot, "src"), join(packageRoot, "dist")].some((folder) =>
      path.startsWith(folder),
    );
    if (input === "worker.mjs" || isOurs || /[\\/]node_modules[\\/]/.test(path)) continue;
    sources.set(input, await readFile(path, "utf8"));
  }
  return sources;
}
