import { ConfigurationError } from "../core/index.ts";
import { isModule, type Module } from "./module.ts";

/**
 * The program among what a module exports, itself or the class of one: its default, `program`, or its only one.
 *
 * @param source - names the module in errors.
 * @throws ConfigurationError where there is none, or none to choose among several.
 */
export function exportedProgram(exported: Readonly<Record<string, unknown>>, source: string): Module {
  const named = [exported.default, exported.program].map(made).find((program) => program !== undefined);
  if (named) return named;
  const programs = Object.values(exported)
    .map(made)
    .filter((program) => program !== undefined);
  if (programs.length === 1) return programs[0]!;
  throw new ConfigurationError(
    `${source} exports ${programs.length === 0 ? "no program" : `${programs.length} programs`} ` +
      `(exports: ${Object.keys(exported).join(", ") || "none"}); export the one to use as default`,
  );
}

/** The program that an export is, or that is made of it where it is the class of one. */
function made(value: unknown): Module | undefined {
  if (isModule(value)) return value;
  if (typeof value === "function" && isModule(value.prototype)) return new (value as new () => Module)();
  return undefined;
}
