import { field, type Field, type Role } from "./field.ts";
import { parseType, readName, readType } from "./parse-type.ts";
import { Reader } from "./reader.ts";
import { typeName } from "./type-name.ts";

/**
 * Reads the string form of a signature, `"question, passages: list[str] -> answer, citations: list[int]"`.
 * A field without a type is a `str`; white space and line breaks may stand anywhere between words.
 *
 * @throws ConfigurationError with a caret under the mistake.
 */
export function parseSpecification(text: string): Field[] {
  const reader = new Reader(text);
  const fields: Field[] = [];
  if (reader.token.text !== "->" && reader.token.kind !== "end") readFields(reader, "input", fields);
  if (reader.token.kind === "end") {
    reader.fail("a signature reads 'inputs -> outputs'; found no '->'");
  }
  reader.expect("->", "or ',' after a field");
  readFields(reader, "output", fields);
  if (reader.token.kind !== "end")
    reader.fail(`expected ',' or the end after a field, found ${reader.found()}`);
  return fields;
}

function readFields(reader: Reader, role: Role, fields: Field[]): void {
  do {
    const { text: name, at } = readName(reader, "field");
    if (fields.some((known) => known.name === name)) reader.fail(`field '${name}' stands here twice`, at);
    const type = reader.skip(":") ? readType(reader) : parseType("str");
    fields.push(field(name, role, type));
  } while (reader.skip(","));
}

/** The fields in the string form that {@link parseSpecification} reads; `str` goes without saying. */
export function writeSpecification(fields: readonly Field[]): string {
  const side = (role: Role): string =>
    fields
      .filter((field) => field.role === role)
      .map(({ name, type }) => (type.kind === "string" ? name : `${name}: ${typeName(type)}`))
      .join(", ");
  return `${side("input")} -> ${side("output")}`.trim();
}
