import { ConfigurationError, DataError, nearest } from "../core/index.ts";
import type { Metric } from "./metric.ts";

/**
 * A metric that compares outputs with the row's columns of the same names. The type lets the checker find a name
 * that the program has no output for.
 */
export type FieldMetric<F extends string = string> = Metric<object, Readonly<Partial<Record<F, unknown>>>>;

/**
 * Names a scoring function: `label` is for people, `field` the one output it compares, where it is one. `settings` are
 * plain data: what the scores depend on beside the function's text.
 */
export function fieldMetric<M extends Metric<object, object>>(
  label: string,
  field: string | undefined,
  settings: readonly unknown[],
  score: M,
): M & { readonly label: string } {
  return Object.assign(score, {
    label,
    ...(field !== undefined && { field }),
    identity: JSON.stringify(settings),
  });
}

/** What the row holds for `name`. Throws DataError, with the nearest name, where the rows have no such column. */
export function columnOf(name: string, row: object): unknown {
  const value = (row as Record<string, unknown>)[name];
  if (value !== undefined) return value;
  throw new DataError(`the metric reads "${name}", which is no column of the rows${others(name, row)}`, {
    column: name,
  });
}

/**
 * What the program gave for `name`. Throws ConfigurationError where it gave no such output: compared as if it
 * were there, a misspelt name would score 0 throughout.
 */
export function outputOf(name: string, outputs: object): unknown {
  const value = (outputs as Record<string, unknown>)[name];
  if (value !== undefined) return value;
  throw new ConfigurationError(
    `the metric reads "${name}", which is no output of the program${others(name, outputs)}`,
  );
}

function others(name: string, holder: object): string {
  const names = Object.keys(holder);
  const near = nearest(name, names);
  return `${near === undefined ? "" : `; did you mean "${near}"?`} (there are: ${names.join(", ") || "none"})`;
}
