import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { Loader, Plugin } from "esbuild";
import { isOwn } from "../../services/own-package.ts";

/** Names of inputs that begin so stand for packages that are left out. */
export const leftOutNamespace = "left-out";

/**
 * Keeps packages out of a bundle and has them required where it runs: a bundle that stands alone finds those by
 * `NODE_PATH`, which `import` does not look at.
 */
export function leaveOut(packages: readonly string[]): Plugin {
  const escaped = packages.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const filter = new RegExp(`^(?:${escaped.join("|")})(?:/|$)`);
  return {
    name: "leave-out",
    setup(build) {
      build.onResolve({ filter }, ({ path, namespace }) =>
        namespace === leftOutNamespace ? { path, external: true } : { path, namespace: leftOutNamespace },
      );
      build.onLoad({ filter, namespace: leftOutNamespace }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
      }));
    },
  };
}

/** Lets go of those of our own files that nothing is used of: none does anything by being loaded. */
export const onlyWhatIsUsed: Plugin = {
  name: "only-what-is-used",
  setup(build) {
    const asked = {};
    const filter = /\.[jt]s$|^lmframe(?:\/|$)/;
    build.onResolve({ filter }, async ({ path, pluginData, ...from }) => {
      if (pluginData === asked) return undefined;
      const found = await build.resolve(path, { ...from, pluginData: asked });
      return isOwn(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};

/** Has what our own files load on first use by `createRequire` put into the bundle as well. */
export const requireStatically: Plugin = {
  name: "require-statically",
  setup(build) {
    build.onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
      if (!isOwn(path)) return undefined;
      const text = await readFile(path, "utf8");
      const contents = text.replace(
        /\bcreateRequire[\d$]*\(import\.meta\.url\)\(\s*("[^"]+"),?\s*\)/g,
        "require($1)",
      );
      return { contents, loader: extname(path).slice(1) as Loader };
    });
  },
};
