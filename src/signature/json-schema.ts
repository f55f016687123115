import { ConfigurationError } from "../core/errors.ts";
import { someType, type FieldType, type LiteralValue, type Property } from "./field-type.ts";
import type { Signature } from "./signature.ts";
import { typeName } from "./type-name.ts";
import { zodJsonSchema } from "./zod.ts";

/** A JSON schema, of the keywords that draft 2020-12 and OpenAI's structured outputs share. */
export interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly LiteralValue[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

/**
 * The type as JSON schema. Objects are closed and require every property, as OpenAI's strict mode wants; a
 * property that may be absent may be `null` instead, which a reader of replies takes for absence.
 *
 * @throws ConfigurationError for media and history, which no model writes as JSON.
 */
export function jsonSchema(type: FieldType): JsonSchema {
  switch (type.kind) {
    case "string":
    case "integer":
    case "number":
    case "boolean":
    case "null":
      return { type: type.kind };
    case "any":
      return {};
    case "literal":
      return { ...literalType(type.values), enum: type.values };
    case "list":
      return { type: "array", items: jsonSchema(type.item) };
    case "record":
      return { type: "object", additionalProperties: jsonSchema(type.value) };
    case "optional":
      return nullable(jsonSchema(type.inner));
    case "union":
      return { anyOf: type.options.map(jsonSchema) };
    case "object":
      return closedObject(type.fields);
    case "zod":
      return zodJsonSchema(type.schema);
    case "media":
    case "history":
      throw new ConfigurationError(`${typeName(type)} has no JSON schema: it is for inputs only`);
  }
}

/** The schema of one object holding all outputs, in the order of the fields; see {@link jsonSchema}. */
export function outputSchema(signature: Pick<Signature<object, object>, "outputs">): JsonSchema {
  return closedObject(signature.outputs.map((field) => ({ ...field, optional: false })));
}

/**
 * True where OpenAI's strict mode takes the type's schema: no `dict`, whose keys are open, no `Any`, and no
 * schema of zod, which may say what strict mode does not read.
 */
export function fitsStrictMode(type: FieldType): boolean {
  return !someType(type, ({ kind }) => ["record", "any", "zod", "media", "history"].includes(kind));
}

function closedObject(properties: readonly Property[]): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(
      properties.map(({ name, type, description, optional }) => {
        const schema = optional ? nullable(jsonSchema(type)) : jsonSchema(type);
        return [name, description ? { ...schema, description } : schema];
      }),
    ),
    required: properties.map(({ name }) => name),
    additionalProperties: false,
  };
}

function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}

function literalType(values: readonly LiteralValue[]): JsonSchema {
  const types = new Set(values.map((value) => typeof value));
  const [only] = types;
  return types.size === 1 && only !== undefined && only !== "object" ? { type: only } : {};
}
