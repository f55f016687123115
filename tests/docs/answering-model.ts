import { createHash } from "node:crypto";
import { FunctionModel, type LMRequest } from "../../src/lm/index.ts";

/** Answers any request that states a schema with values of it, the same for the same messages. */
export const answeringModel = new FunctionModel(
  ({ messages, responseFormat }: LMRequest) => {
    if (!responseFormat) throw new Error("asked without a schema");
    const digest = createHash("sha256").update(JSON.stringify(messages)).digest();
    return JSON.stringify(valueOf(responseFormat.schema, digest[0]!));
  },
  { name: "documents", abilities: { jsonSchema: true, tools: false } },
);

interface Schema {
  type?: string;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
}

function valueOf(schema: Schema, draw: number): unknown {
  if (schema.enum) return schema.enum[draw % schema.enum.length];
  if (schema.anyOf) return valueOf(schema.anyOf[0]!, draw);
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [name, valueOf(property, draw)]),
      );
    case "array":
      return [valueOf(schema.items ?? {}, draw)];
    case "integer":
    case "number":
      return 1 + (draw % 5);
    case "boolean":
      return draw % 2 === 0;
    default:
      return "An answer.";
  }
}
