import { type FieldType, someType } from "../../signature/field-type.ts";
import { quoted } from "./sql.ts";

/** Kinds of values that one type of Spark does not hold: their fields travel as JSON text. */
const mixed = new Set<FieldType["kind"]>(["any", "null", "union", "zod", "media", "history"]);

/** True for a field whose values are JSON text in Spark. */
export function isJsonText(type: FieldType): boolean {
  return someType(
    type,
    (part) => mixed.has(part.kind) || (part.kind === "literal" && literalType(part.values) === undefined),
  );
}

/** A field's type as Spark's SQL spells it: `ARRAY<STRING>`. */
export function sparkType(type: FieldType): string {
  return isJsonText(type) ? "STRING" : plainType(type);
}

function plainType(type: FieldType): string {
  switch (type.kind) {
    case "integer":
      return "BIGINT";
    case "number":
      return "DOUBLE";
    case "boolean":
      return "BOOLEAN";
    case "literal":
      return literalType(type.values)!;
    case "list":
      return `ARRAY<${plainType(type.item)}>`;
    case "record":
      return `MAP<STRING, ${plainType(type.value)}>`;
    case "optional":
      return plainType(type.inner);
    case "object":
      return `STRUCT<${type.fields.map((field) => `${quoted(field.name)}: ${plainType(field.type)}`).join(", ")}>`;
    default:
      return "STRING";
  }
}

/** The type that holds all of some values; undefined where none does. */
function literalType(values: readonly unknown[]): string | undefined {
  if (values.every((value) => typeof value === "string")) return "STRING";
  if (values.every((value) => typeof value === "boolean")) return "BOOLEAN";
  if (values.every((value) => Number.isSafeInteger(value))) return "BIGINT";
  return values.every((value) => typeof value === "number") ? "DOUBLE" : undefined;
}
