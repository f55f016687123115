import { ConfigurationError } from "../../core/index.ts";
import type { Filter, FilterValue } from "../../modules/index.ts";

/**
 * A filter as standard endpoints of Vector Search take it: keys hold column and operator, all of them must hold
 * (docs.databricks.com, "Vector Search filtering guide"). A name that is no plain column's is refused, so that no data can
 * become an operator.
 *
 * @throws ConfigurationError for such a name, and for conditions on missing values, which have no spelling there.
 */
export function filterJson(filter: Filter): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const [name, condition] of Object.entries(filter)) {
    columnName(name);
    if (typeof condition !== "object") {
      json[name] = condition;
      continue;
    }
    const { not, in: choices, min, max } = condition ?? { not: undefined };
    if (condition === null || not === null)
      throw new ConfigurationError(
        `the filter asks for a missing "${name}", which Vector Search cannot look for`,
      );
    const operators: [string, FilterValue | readonly FilterValue[] | undefined][] = [
      ["", choices],
      [" NOT", not],
      [" >=", min],
      [" <=", max],
    ];
    for (const [operator, value] of operators) if (value !== undefined) json[`${name}${operator}`] = value;
  }
  return json;
}

/** `name`, where it can be that of a column. */
export function columnName(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw new ConfigurationError(
    `invalid column: ${JSON.stringify(name)}; expected letters, digits and underscores, not beginning with a digit`,
  );
}
