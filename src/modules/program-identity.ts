import type { Module } from "./module.ts";
import { Predict } from "./predict.ts";
import { findModules, isPlain } from "./structure.ts";

type Class = abstract new (...args: never[]) => object;

/** The source text of the classes that a program is made of, its own first; empty for a lone predictor. */
export function programSource(program: Module): string {
  return [...new Set(findModules(program).map(classOf))].map(String).join("\n\n");
}

/**
 * All that makes a program another one, as plain data: the code of its classes and of those they extend, the numbers,
 * texts and the like in its fields, and what each predictor says, shows, learnt and runs on, its model by its identity.
 * Other objects in its fields, such as retrievers, are not in it.
 */
export function programIdentity(program: Module): unknown {
  const predictors = [...program.predictors()];
  const modules = findModules(program);
  const parts = [...modules, ...predictors.map(([, predictor]) => predictor)];
  return {
    code: [...new Set(parts.map(classOf).flatMap(lineage))].map(String),
    fields: modules.map((each) => dataIn({ ...each })),
    predictors: predictors.map(([path, { signature, state }]) => [
      path,
      signature.toString(),
      { ...state, lm: state.lm?.identity },
    ]),
  };
}

/** What of a value is plain data; nothing for all else. */
function dataIn(value: unknown, within: readonly unknown[] = []): unknown {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  // JSON has no form of all numbers.
  if (typeof value === "number" || typeof value === "bigint") return [typeof value, String(value)];
  if (!(Array.isArray(value) || isPlain(value)) || within.includes(value)) return [];
  const inner = [...within, value];
  return Array.isArray(value)
    ? value.map((entry: unknown) => dataIn(entry, inner))
    : Object.entries(value).map(([name, entry]) => [name, dataIn(entry, inner)]);
}

function classOf(value: object): Class {
  return value.constructor as Class;
}

/** A class and those it extends, up to lmframe's own bases. */
function lineage(made: Class): Class[] {
  const ends =
    made === Predict || typeof (made.prototype as Partial<Module> | undefined)?.forward !== "function";
  return ends ? [] : [made, ...lineage(Object.getPrototypeOf(made) as Class)];
}
