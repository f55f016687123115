import { createRequire } from "node:module";
import { join } from "node:path";
import { ConfigurationError } from "../../core/index.ts";

/** The TypeScript compiler. */
export type Compiler = typeof import("typescript");

/**
 * The TypeScript compiler of the project that runs, else the one beside this package. Throws ConfigurationError where
 * there is none, or one without an API (TypeScript 7).
 */
export function loadCompiler(): Compiler {
  const places = [join(process.cwd(), "package.json"), import.meta.url];
  const found: string[] = [];
  for (const place of places) {
    try {
      const compiler = createRequire(place)("typescript") as Partial<Compiler>;
      if (typeof compiler.createProgram === "function") return compiler as Compiler;
      found.push(`typescript ${compiler.version ?? "without a version"}, which has no compiler API`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new ConfigurationError(
    `reading tools from a file needs the TypeScript compiler: found ${found[0] ?? "none"}; ` +
      `run: npm install typescript@6. Or make the tools by tool(function, { parameters })`,
  );
}
