import { ConfigurationError } from "../core/index.ts";

/** Throws ConfigurationError for one of these options that is given and not at least 1. */
export function checkCounts<Name extends string>(
  options: Readonly<Partial<Record<Name, number | undefined>>>,
  names: readonly Name[],
): void {
  for (const name of names) {
    const value = options[name];
    if (value !== undefined && !(value >= 1))
      throw new ConfigurationError(`invalid ${name}: ${value}; expected 1 or more`);
  }
}
