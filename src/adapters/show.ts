import type { ContentPart } from "../lm/request.ts";
import { jsonSchema, type Field, type FieldType } from "../signature/index.ts";
import { takesText } from "./coerce.ts";
import { mediaPart } from "./media.ts";

/** What a message is put together from: text, and media between it. */
export type Piece = string | ContentPart;

/** The content of a message: one text where there are no media. */
export function contentOf(pieces: readonly Piece[]): string | readonly ContentPart[] {
  const parts: ContentPart[] = [];
  for (const piece of pieces) {
    const part: ContentPart = typeof piece === "string" ? { type: "text", text: piece } : piece;
    const last = parts.at(-1);
    if (part.type !== "text" || last?.type !== "text") parts.push(part);
    else parts[parts.length - 1] = { type: "text", text: last.text + part.text };
  }
  const [only, ...others] = parts;
  if (!only) return "";
  return others.length === 0 && only.type === "text" ? only.text : parts;
}

/** An input as it is shown: `protect` sees to it that its text cannot be taken for the format. */
export function showInput(field: Field, value: unknown, protect: (text: string) => string): Piece[] {
  const { type } = field;
  const media = type.kind === "list" || type.kind === "optional" ? inner(type) : type;
  if (media.kind === "media" && value !== null) {
    return (Array.isArray(value) ? (value as unknown[]) : [value]).map((item) =>
      mediaPart(media.media, field.name, item),
    );
  }
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")) {
    return [protect(numbered(value))];
  }
  return [protect(typeof value === "string" ? value : JSON.stringify(value ?? null))];
}

function inner(type: Extract<FieldType, { kind: "list" | "optional" }>): FieldType {
  return type.kind === "list" ? type.item : type.inner;
}

/** Passages by number, so that an answer can cite them; in guillemets, as DSPy sets them. */
function numbered(passages: readonly string[]): string {
  return passages.map((passage, index) => `[${index + 1}] ${quote(passage)}`).join("\n");
}

function quote(passage: string): string {
  if (!/[\n«»]/.test(passage)) return `«${passage}»`;
  return `«««\n    ${passage.replaceAll("\n", "\n    ")}\n»»»`;
}

/** An output as text from which `coerceText` reads the same value again. */
export function showOutput(type: FieldType, value: unknown): string {
  if (typeof value === "string" && takesText(type)) return value;
  return JSON.stringify(value ?? null);
}

/** What a value of the type looks like, in words a small model follows. */
export function describeType(type: FieldType): string {
  switch (type.kind) {
    case "string":
      return "text";
    case "integer":
      return "whole number";
    case "number":
      return "number";
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "any":
      return "any JSON value";
    case "literal": {
      const values = type.values.map((value) => JSON.stringify(value)).join(", ");
      return type.values.length === 1 ? values : `one of ${values}`;
    }
    case "list":
      return `list, each entry ${describeType(type.item)}`;
    case "record":
      return `object, each value ${describeType(type.value)}`;
    case "optional":
      return `${describeType(type.inner)}, or null`;
    case "union":
      return type.options.map(describeType).join(", or ");
    case "object":
      return `object of ${type.fields
        .map(
          ({ name, type, description }) =>
            `"${name}" (${describeType(type)}${description ? `: ${description}` : ""})`,
        )
        .join(", ")}`;
    case "zod":
      return `JSON of the schema ${JSON.stringify(jsonSchema(type))}`;
    case "media":
      return type.media;
    case "history":
      return "the conversation so far";
  }
}
