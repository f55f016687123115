type CompilerOptions = Record<string, unknown> & { lib: readonly string[] };

interface Compiler {
  readonly version: string;
  readonly ModuleResolutionKind: { readonly Bundler: number };
  createWatchCompilerHost(files: readonly string[], options: CompilerOptions, ...rest: unknown[]): unknown;
}

/**
 * Loads the compiler at `file` and puts one in its place that checks cells strictly and finds packages by
 * their `exports`, a package by its own name included. tslab states its options in its own code and takes none
 * from outside, so this must happen before it loads.
 */
export function withStrictTypes(file: string, require: NodeJS.Require): Compiler {
  const stock = require(file) as Compiler;
  const strict: Compiler = {
    ...stock,
    createWatchCompilerHost: (files, options, ...rest) =>
      stock.createWatchCompilerHost(
        files,
        {
          ...options,
          strict: true,
          // tslab keeps "use strict" out of cells, which may declare a variable again.
          alwaysStrict: false,
          moduleResolution: stock.ModuleResolutionKind.Bundler,
          customConditions: ["node"],
          // What Node 22 runs; ES2022, as tslab has it, lacks findLast.
          lib: options.lib.map((name) => name.replace(/^lib\.es\d+\.d\.ts$/, "lib.esnext.d.ts")),
        },
        ...rest,
      ),
  };
  require.cache[file]!.exports = strict;
  return strict;
}
