import type ts from "typescript";
import { type Timers, withTimers } from "./compiler-timers.ts";
import { withShorthand } from "./shorthand.ts";

type CompilerOptions = Record<string, unknown> & { lib: readonly string[] };

type CreateProgram = (...given: unknown[]) => ts.BuilderProgram;

type Compiler = Parameters<typeof withShorthand>[0] & {
  readonly version: string;
  readonly ModuleResolutionKind: { readonly Bundler: number };
  readonly createEmitAndSemanticDiagnosticsBuilderProgram: CreateProgram;
  createWatchCompilerHost(
    files: readonly string[],
    options: CompilerOptions,
    system: Timers,
    createProgram: CreateProgram | null,
    ...rest: unknown[]
  ): unknown;
};

/**
 * Loads the compiler at `file` and puts one in its place that checks cells strictly and finds packages by
 * their `exports`, a package by its own name included, and that reads earlier cells' variables in shorthand. tslab states its options in its own code and takes none
 * from outside, so this must happen before it loads.
 */
export function withStrictTypes(file: string, require: NodeJS.Require): Compiler {
  const stock = require(file) as Compiler;
  const strict: Compiler = {
    ...stock,
    createWatchCompilerHost: (files, options, system, createProgram, ...rest) =>
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
        withTimers(system),
        (...given) =>
          withShorthand(
            stock,
            (createProgram ?? stock.createEmitAndSemanticDiagnosticsBuilderProgram)(...given),
          ),
        ...rest,
      ),
  };
  require.cache[file]!.exports = strict;
  return strict;
}
