import { ConfigurationError } from "../core/errors.ts";
import { someType, type FieldType } from "./field-type.ts";
import { nameProblem } from "./parse-type.ts";
import { typeName } from "./type-name.ts";

/** Whether a field is given to the model or asked of it. */
export type Role = "input" | "output";

/** One field of a signature. */
export interface Field {
  readonly name: string;
  readonly role: Role;
  readonly type: FieldType;
  /** What the field means, for the model; `""` when nothing was said. DSPy saves that as `${name}`. */
  readonly description: string;
  /** The label DSPy keeps for a field, as `inferPrefix` makes it. */
  readonly prefix: string;
}

/**
 * A field of this name.
 *
 * @throws ConfigurationError for a name that is no identifier, or an output that no model can write.
 */
export function field(name: string, role: Role, type: FieldType, description = ""): Field {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new ConfigurationError(problem);
  if (role === "output" && someType(type, ({ kind }) => kind === "media" || kind === "history")) {
    throw new ConfigurationError(
      `output '${name}' is ${typeName(type)}, which no model writes; it can be an input`,
    );
  }
  return { name, role, type, description, prefix: inferPrefix(name) };
}

/**
 * The label DSPy gives a field: words apart and capitalised, with a colon. `search_query` and `searchQuery`
 * become `Search Query:`, `top3` becomes `Top 3:`; words in capitals stay.
 */
export function inferPrefix(name: string): string {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [name];
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ")}:`;
}
