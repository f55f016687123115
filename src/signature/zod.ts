import { createRequire } from "node:module";
import { ConfigurationError } from "../core/errors.ts";
import {
  literalOf,
  optionalOf,
  unionOf,
  type FieldType,
  type LiteralValue,
  type ZodSchema,
} from "./field-type.ts";
import type { JsonSchema } from "./json-schema.ts";
import { nameProblem } from "./parse-type.ts";

// Loaded on use: zod alone takes as long to load as the whole package may.
const load = (): typeof import("zod") => createRequire(import.meta.url)("zod") as typeof import("zod");
type AnyZod = import("zod").ZodType;

/** True for a schema of zod 4, whichever copy of the package made it. */
export function isZodSchema(value: unknown): value is ZodSchema {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** The parts of zod's definitions that are read here. */
interface Definition {
  type: string;
  check?: string;
  format?: string;
  checks?: readonly unknown[];
  innerType: ZodSchema;
  element: ZodSchema;
  keyType: ZodSchema;
  valueType: ZodSchema;
  options: readonly ZodSchema[];
  shape: Readonly<Record<string, ZodSchema>>;
  catchall?: ZodSchema;
  entries: Readonly<Record<string, string | number>>;
  values: readonly unknown[];
}

/**
 * The field type that says exactly what a schema of zod says, so that a reply can be coerced inside it; what
 * no field type says (a range, a pattern, a refinement, a transform) stays a schema at that very place.
 */
export function fromZod(schema: ZodSchema): FieldType {
  const definition = schema._zod.def as unknown as Definition;
  const whole: FieldType = { kind: "zod", schema };
  if (definition.type === "number" && definition.format === "safeint" && !definition.checks?.length) {
    return { kind: "integer" };
  }
  if (definition.check !== undefined || definition.checks?.length) return whole;
  switch (definition.type) {
    case "string":
    case "number":
    case "boolean":
    case "null":
      return { kind: definition.type };
    case "any":
    case "unknown":
      return { kind: "any" };
    case "nullable":
      return optionalOf(fromZod(definition.innerType));
    case "array":
      return { kind: "list", item: fromZod(definition.element) };
    case "record":
      return fromZod(definition.keyType).kind === "string"
        ? { kind: "record", value: fromZod(definition.valueType) }
        : whole;
    case "union":
      return unionOf(definition.options.map(fromZod));
    case "enum":
      return literalOf(Object.values(definition.entries));
    case "literal":
      return definition.values.every(isLiteralValue) ? literalOf(definition.values) : whole;
    case "object": {
      const closed = definition.catchall === undefined || definition.catchall._zod.def.type === "never";
      const entries = Object.entries(definition.shape);
      if (!closed || entries.some(([name]) => nameProblem(name) !== undefined)) return whole;
      return {
        kind: "object",
        fields: entries.map(([name, property]) => ({ name, ...fromProperty(property) })),
      };
    }
    default:
      return whole;
  }
}

function fromProperty(schema: ZodSchema): { type: FieldType; optional: boolean; description?: string } {
  const definition = schema._zod.def as unknown as Definition;
  const optional = definition.type === "optional" && definition.check === undefined;
  const inner = optional ? definition.innerType : schema;
  const description = zodDescription(schema) ?? zodDescription(inner);
  return { type: fromZod(inner), optional, ...(description !== undefined && { description }) };
}

function isLiteralValue(value: unknown): value is LiteralValue {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

/** What `.describe(…)` or `.meta({ description })` said of the schema. */
export function zodDescription(schema: ZodSchema): string | undefined {
  const { description } = schema as { description?: unknown };
  return typeof description === "string" ? description : undefined;
}

/** The first thing the schema does not accept in `value`, and where. */
export function zodProblem(
  schema: ZodSchema,
  value: unknown,
): { path: readonly (string | number)[]; message: string } | undefined {
  const result = load().safeParse(schema as unknown as AnyZod, value);
  const issue = result.error?.issues[0];
  return (
    issue && {
      path: issue.path.map((key) => (typeof key === "number" ? key : String(key))),
      message: issue.message,
    }
  );
}

/** The schema as JSON schema: of what a model should write, before any transform. */
export function zodJsonSchema(schema: ZodSchema): JsonSchema {
  try {
    const { $schema: _, ...rest } = load().toJSONSchema(schema as unknown as AnyZod, {
      io: "input",
      cycles: "throw",
    });
    return rest as JsonSchema;
  } catch (error) {
    throw new ConfigurationError(
      `this zod schema has no JSON schema: ${(error as Error).message}; use types of JSON (no dates, functions or cycles)`,
      { cause: error },
    );
  }
}
