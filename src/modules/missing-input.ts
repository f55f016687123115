import { ConfigurationError, nearest } from "../core/index.ts";

/** The error for an input that a call lacks; it names the one that was probably meant. */
export function missingInput(name: string, given: Record<string, unknown>): ConfigurationError {
  const names = Object.keys(given);
  const guess = nearest(name, names);
  return new ConfigurationError(
    `the input "${name}" is missing${guess === undefined ? "" : `; did you mean it by "${guess}"?`} ` +
      `Given: ${names.join(", ") || "nothing"}.`,
  );
}
