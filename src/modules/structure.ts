import { ConfigurationError, nearest } from "../core/index.ts";
import type { PredictorEdit } from "./state.ts";

/**
 * Marks a value as a part of a program. A symbol and not `instanceof`, so that parts made by another copy of the
 * package are found as well.
 */
export const part: unique symbol = Symbol.for("lmframe.part") as never;

/** A module: a program, or a part of one. */
export interface ModulePart {
  readonly [part]: "module" | "predictor";
}

/** A predictor: the leaf of a program, whose state an optimizer edits. */
export interface PredictorPart extends ModulePart {
  readonly [part]: "predictor";
  edited(edit: PredictorEdit): PredictorPart;
}

function isPart(value: unknown): value is ModulePart {
  return typeof value === "object" && value !== null && part in value;
}

function isPredictor(value: unknown): value is PredictorPart {
  return isPart(value) && value[part] === "predictor";
}

/** True for a record that is no instance of a class. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What stands directly inside `value`, with its path: properties by name, entries of a list by place. */
function* members(value: object, path: string): Generator<[string, unknown]> {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) yield [`${path}[${index}]`, entry];
  } else if (isPart(value)) {
    for (const [name, entry] of Object.entries(value)) yield [path === "" ? name : `${path}.${name}`, entry];
  } else if (isPlain(value)) {
    for (const [key, entry] of Object.entries(value)) yield [`${path}['${key}']`, entry];
  }
}

/**
 * The predictors of a program by path, in the order of the program's fields, spelt as DSPy spells it:
 * `query.predict`, `judges[0]`, `tools['search']`. A lone predictor is `self`. One that stands in several places
 * is listed once, at its first.
 */
export function findPredictors(program: ModulePart): Map<string, PredictorPart> {
  const found = new Map<string, PredictorPart>();
  if (isPredictor(program)) return found.set("self", program);
  const seen = new Set<object>();
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (isPredictor(value)) found.set(path, value);
    else for (const [place, entry] of members(value, path)) visit(entry, place);
  };
  visit(program, "");
  return found;
}

/** The modules that a program is made of, its own first; its predictors are not among them. */
export function findModules(program: ModulePart): ModulePart[] {
  const found = new Set<ModulePart>();
  const seen = new Set<object>();
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null || isPredictor(value) || seen.has(value)) return;
    seen.add(value);
    if (isPart(value)) found.add(value);
    for (const [, entry] of members(value, "")) visit(entry);
  };
  visit(program);
  return [...found];
}

/**
 * A copy of `program` in which the predictors at the paths of `edits` are edited. Prototypes are kept, modules
 * are copied, a predictor that stands in several places stays shared, and what is not part of a program is
 * referred to as it is.
 */
export function editPredictors<P extends ModulePart>(
  program: P,
  edits: Readonly<Record<string, PredictorEdit>>,
): P {
  const predictors = findPredictors(program);
  const edited = new Map<object, unknown>();
  for (const [path, edit] of Object.entries(edits)) {
    const predictor = predictors.get(path);
    if (!predictor) throw unknownPath(path, predictors.keys());
    edited.set(predictor, predictor.edited(edit));
  }
  return copy(program, "", edited) as P;
}

/** The error for a path at which a program has no predictor. */
export function unknownPath(path: string, paths: Iterable<string>): ConfigurationError {
  const known = [...paths];
  const guess = nearest(path, known);
  return new ConfigurationError(
    `no predictor at "${path}"${guess === undefined ? "" : `; did you mean "${guess}"?`} The program has: ${known.join(", ") || "none"}.`,
  );
}

function copy(value: unknown, path: string, done: Map<object, unknown>): unknown {
  if (typeof value === "function" && path !== "") {
    throw new ConfigurationError(
      `the program's field "${path}" is a function; a function made in one program keeps calling that program's ` +
        `predictors, so a tuned copy would run untuned. Make it a method of the class.`,
    );
  }
  if (typeof value !== "object" || value === null) return value;
  if (done.has(value)) return done.get(value);
  if (isPredictor(value)) {
    const twin = value.edited({});
    done.set(value, twin);
    return twin;
  }
  if (Array.isArray(value)) {
    const twin: unknown[] = [];
    done.set(value, twin);
    for (const [place, entry] of members(value, path)) twin.push(copy(entry, place, done));
    return twin;
  }
  if (isPart(value) || isPlain(value)) {
    const twin = Object.create(Object.getPrototypeOf(value) as object) as Record<string, unknown>;
    done.set(value, twin);
    const names = Object.keys(value);
    let index = 0;
    for (const [place, entry] of members(value, path)) twin[names[index++]!] = copy(entry, place, done);
    return twin;
  }
  return value;
}
