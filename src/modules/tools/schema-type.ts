import { nameProblem } from "../../signature/parse-type.ts";
import {
  type FieldType,
  literalOf,
  type LiteralValue,
  type Property,
  unionOf,
} from "../../signature/index.ts";
import type { ArgumentsType } from "./tool.ts";

/** How deep schemas of others are read; further in, anything is taken. */
const deepest = 8;
/** Characters kept of each description. */
const longest = 500;

const simple: Readonly<Record<string, FieldType>> = {
  string: { kind: "string" },
  integer: { kind: "integer" },
  number: { kind: "number" },
  boolean: { kind: "boolean" },
  null: { kind: "null" },
};

/**
 * The type of a tool's arguments from a JSON schema that a stranger wrote: the common keywords are read, and what
 * they do not say (patterns, ranges, references) is left to the tool, so that no keyword reaches a model's endpoint
 * that it does not take, and no pattern is ever run.
 */
export function argumentsType(schema: unknown): ArgumentsType {
  return { kind: "object", fields: isRecord(schema) ? properties(schema, 0) : [] };
}

function schemaType(schema: unknown, depth: number): FieldType {
  if (!isRecord(schema) || depth > deepest) return { kind: "any" };
  const { type, items } = schema;
  const options = schema.anyOf ?? schema.oneOf;
  if ("const" in schema && isLiteral(schema.const)) return literalOf([schema.const]);
  if (Array.isArray(schema.enum) && schema.enum.length > 0 && schema.enum.every(isLiteral)) {
    return literalOf(schema.enum);
  }
  if (Array.isArray(options) && options.length > 0) {
    return unionOf(options.slice(0, 20).map((option) => schemaType(option, depth + 1)));
  }
  if (Array.isArray(type) && type.length > 0) {
    return unionOf(
      type.slice(0, 10).map((name: unknown) => schemaType({ ...schema, type: name }, depth + 1)),
    );
  }
  if (typeof type === "string" && Object.hasOwn(simple, type)) return simple[type]!;
  if (type === "array") return { kind: "list", item: schemaType(items, depth + 1) };
  const named = isRecord(schema.properties) ? Object.keys(schema.properties) : [];
  if (type !== "object" && named.length === 0) return { kind: "any" };
  const closed = named.length > 0 && named.every((name) => nameProblem(name) === undefined);
  if (closed && !isRecord(schema.additionalProperties)) {
    return { kind: "object", fields: properties(schema, depth) };
  }
  return { kind: "record", value: { kind: "any" } };
}

function properties(schema: Readonly<Record<string, unknown>>, depth: number): Property[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(isRecord(schema.properties) ? schema.properties : {}).map(([name, property]) => {
    const text = isRecord(property) ? property.description : undefined;
    return {
      name,
      type: schemaType(property, depth + 1),
      optional: !required.includes(name),
      ...(typeof text === "string" && text !== "" && { description: plainText(text, longest) }),
    };
  });
}

/** A stranger's text without control characters, in at most `length` characters. */
export function plainText(text: string, length: number): string {
  const plain = text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g,
    "",
  );
  return plain.length > length ? `${plain.slice(0, length)}…` : plain;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLiteral(value: unknown): value is LiteralValue {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
