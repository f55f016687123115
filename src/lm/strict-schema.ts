import type { JsonSchema } from "./request.ts";

/**
 * True where OpenAI's strict mode accepts the schema: every object closed and all of its properties required
 * (https://platform.openai.com/docs/guides/structured-outputs).
 */
export function acceptsStrict(schema: JsonSchema): boolean {
  if (schema.type === "object" || "properties" in schema) {
    const properties = Object.keys(schema.properties ?? {});
    const required = new Set((schema.required ?? []) as string[]);
    if (schema.additionalProperties !== false) return false;
    if (!properties.every((name) => required.has(name))) return false;
  }
  return subschemas(schema).every(acceptsStrict);
}

/** The schemas that stand directly within a schema; names of properties are no keywords. */
function subschemas(schema: JsonSchema): JsonSchema[] {
  const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null;
  const maps = ["properties", "$defs", "definitions"].flatMap((key) =>
    isSchema(schema[key]) ? Object.values(schema[key]) : [],
  );
  const lists = ["anyOf", "allOf", "oneOf", "prefixItems"].flatMap((key) =>
    Array.isArray(schema[key]) ? (schema[key] as unknown[]) : [],
  );
  return [...maps, ...lists, schema.items].filter(isSchema);
}
