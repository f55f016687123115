import type { FieldType, LiteralValue } from "./field-type.ts";

/**
 * The type in DSPy's (Python's) spelling: `list[str]`, `Optional[int]`, `Literal['a', 'b']`. Objects have no
 * such spelling and read `{name: str, age?: int}`. `parseType` reads all of it back, except a zod schema,
 * which is named by its kind: `zod.email`.
 */
export function typeName(type: FieldType): string {
  switch (type.kind) {
    case "string":
      return "str";
    case "integer":
      return "int";
    case "number":
      return "float";
    case "boolean":
      return "bool";
    case "null":
      return "None";
    case "any":
      return "Any";
    case "literal":
      return `Literal[${type.values.map(literal).join(", ")}]`;
    case "list":
      return `list[${typeName(type.item)}]`;
    case "record":
      return `dict[str, ${typeName(type.value)}]`;
    case "optional":
      return `Optional[${typeName(type.inner)}]`;
    case "union":
      return `Union[${type.options.map(typeName).join(", ")}]`;
    case "object": {
      const properties = type.fields.map(
        ({ name, type, optional }) => `${name}${optional ? "?" : ""}: ${typeName(type)}`,
      );
      return `{${properties.join(", ")}}`;
    }
    case "zod":
      return `zod.${type.schema._zod.def.type}`;
    case "media":
      return { image: "dspy.Image", audio: "dspy.Audio", file: "dspy.File" }[type.media];
    case "history":
      return "dspy.History";
  }
}

/** A value as Python writes it: `'a'`, `"it's"`, `True`, `None`. */
export function literal(value: LiteralValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll(quote, `\\${quote}`);
  return quote + escaped + quote;
}
