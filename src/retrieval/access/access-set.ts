import { ConfigurationError } from "../../core/index.ts";
import { callSettings, type Principal } from "../../modules/index.ts";

/** Groups in order, each once: the form in which two sets are the same. Throws ConfigurationError for none. */
export function accessSet(groups: Iterable<string>): readonly string[] {
  if (typeof groups === "string") {
    throw new ConfigurationError(`invalid groups: ${JSON.stringify(groups)}; expected a list of names`);
  }
  const names = [...new Set(groups)].sort();
  if (names.length === 0) {
    throw new ConfigurationError(
      'documents must belong to a group, or nobody may see them. Name at least one: { groups: ["mechanics"] }',
    );
  }
  const odd = names.find((name) => typeof name !== "string" || name === "");
  if (odd !== undefined) {
    throw new ConfigurationError(
      `invalid group: ${JSON.stringify(odd)}; expected a name of at least one character`,
    );
  }
  return names;
}

/** True where the principal belongs to at least one of the groups. */
export function maySee(principal: Principal, groups: readonly string[]): boolean {
  return groups.some((group) => principal.groups.includes(group));
}

/**
 * The principal that was given, else that of the call. Throws ConfigurationError where there is neither: a search
 * for nobody would find nothing and not say why.
 */
export function principalInForce(given: Principal | undefined): Principal {
  const principal = given ?? callSettings().principal;
  if (principal === undefined) {
    throw new ConfigurationError(
      "nobody is named on whose behalf to search. Give the search or the program's call a principal: " +
        '{ principal: { id: "ana", groups: ["mechanics"] } }',
    );
  }
  if (typeof principal.id !== "string" || !Array.isArray(principal.groups)) {
    throw new ConfigurationError('invalid principal; expected { id: "ana", groups: ["mechanics"] }');
  }
  return principal;
}
