import { ConfigurationError, DataError } from "../../core/index.ts";
import type { Document } from "../../retrieval/index.ts";

/** Type of a field in an index that rows are put into, as its `schema_json` spells it; dates and times are ISO 8601 texts. */
export type VectorFieldType =
  "string" | "integer" | "long" | "float" | "double" | "boolean" | "date" | "timestamp";

/** Which values are of each type, as JSON carries them. */
const holds: Readonly<Record<VectorFieldType, (value: unknown) => boolean>> = {
  string: (value: unknown) => typeof value === "string",
  integer: (value: unknown) => Number.isInteger(value) && Math.abs(value as number) <= 2 ** 31 - 1,
  long: (value: unknown) => Number.isSafeInteger(value),
  float: (value: unknown) => Number.isFinite(value),
  double: (value: unknown) => Number.isFinite(value),
  boolean: (value: unknown) => typeof value === "boolean",
  date: (value: unknown) => typeof value === "string",
  timestamp: (value: unknown) => typeof value === "string",
};

/** The fields' types by name; `string` for names alone. @throws ConfigurationError for a type that there is not. */
export function fieldTypes(
  fields: readonly string[] | Readonly<Record<string, VectorFieldType>>,
): Record<string, VectorFieldType> {
  if (Array.isArray(fields))
    return Object.fromEntries((fields as readonly string[]).map((field) => [field, "string"]));
  for (const [field, type] of Object.entries(fields))
    if (!Object.hasOwn(holds, type))
      throw new ConfigurationError(
        `invalid type of the field "${field}": ${JSON.stringify(type)}, expected ${Object.keys(holds).join(", ")}`,
      );
  return { ...(fields as Readonly<Record<string, VectorFieldType>>) };
}

/** A document's fields; null for those it does not have. @throws DataError for a value that is not of its type. */
export function fieldValues(
  { id, fields }: Document,
  types: Readonly<Record<string, VectorFieldType>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(types).map(([field, type]) => {
      const value = fields?.[field] ?? null;
      if (value !== null && !holds[type](value)) {
        throw new DataError(
          `the document "${id}" has ${JSON.stringify(value)} there, where the index declares ${type}; ` +
            `declare the field's type in the index's columns: { fields: { ${field}: "${typeFor(value)}" } }`,
          { column: field },
        );
      }
      return [field, value];
    }),
  );
}

function typeFor(value: string | number | boolean): VectorFieldType {
  if (typeof value === "number") return Number.isSafeInteger(value) ? "long" : "double";
  return typeof value === "boolean" ? "boolean" : "string";
}
