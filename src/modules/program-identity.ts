import type { Module } from "./module.ts";
import { Predict } from "./predict.ts";
import { findModules } from "./structure.ts";

type Class = abstract new (...args: never[]) => object;

/** The source text of the classes that a program is made of, its own first; empty for a lone predictor. */
export function programSource(program: Module): string {
  return [...new Set(findModules(program).map(classOf))].map(String).join("\n\n");
}

/**
 * All that makes a program another one, as plain data: the code of its classes and of those they extend, and what each
 * predictor says, shows, learnt and runs on, its model by its identity. What the classes hold beside predictors, such as
 * numbers and retrievers, is not in it.
 */
export function programIdentity(program: Module): unknown {
  const predictors = [...program.predictors()];
  const parts = [...findModules(program), ...predictors.map(([, predictor]) => predictor)];
  return {
    code: [...new Set(parts.map(classOf).flatMap(lineage))].map(String),
    predictors: predictors.map(([path, { signature, state }]) => [
      path,
      signature.toString(),
      { ...state, lm: state.lm?.identity },
    ]),
  };
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
