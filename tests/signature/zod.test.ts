import { createRequire } from "node:module";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  fromZod,
  jsonSchema,
  parseType,
  signature,
  typeName,
  type OutputsOf,
} from "../../src/signature/index.ts";

describe("fromZod", () => {
  test("is the field type that says the same", () => {
    const schema = z.object({
      name: z.string(),
      age: z.int().nullable(),
      score: z.number().optional(),
      tags: z.array(z.enum(["a", "b"])),
      by: z.record(z.string(), z.union([z.boolean(), z.null(), z.literal([1, "x"])])),
      more: z.unknown(),
    });
    expect(typeName(fromZod(schema))).toBe(
      "{name: str, age: Optional[int], score?: float, tags: list[Literal['a', 'b']], " +
        "by: dict[str, Optional[Union[bool, Literal[1, 'x']]]], more: Any}",
    );
    expect(fromZod(schema)).toEqual(parseType(typeName(fromZod(schema))));
  });

  test("keeps as a schema what no field type says, at that very place", () => {
    const email = z.email();
    const type = fromZod(z.object({ to: z.array(email), count: z.int().min(1) }));
    expect(type).toMatchObject({
      kind: "object",
      fields: [{ type: { kind: "list", item: { kind: "zod", schema: email } } }, { type: { kind: "zod" } }],
    });
    for (const whole of [
      z.looseObject({ a: z.string() }),
      z.object({ a: z.string() }).refine((value) => value.a !== ""),
      z.object({ "two words": z.string() }),
      z.array(z.string()).nonempty(),
      z.string().transform(Number),
      z.tuple([z.string(), z.int()]),
    ]) {
      expect(fromZod(whole)).toEqual({ kind: "zod", schema: whole });
    }
  });

  test("carries descriptions into the JSON schema and the fields", () => {
    const made = signature({
      inputs: { text: z.string().describe("what the customer wrote") },
      outputs: { order: z.object({ id: z.string().describe("as on the receipt").optional() }) },
    });
    expect(made.inputs[0]!.description).toBe("what the customer wrote");
    expectTypeOf<OutputsOf<typeof made>["order"]>().toEqualTypeOf<{ id?: string | undefined }>();
    expect(jsonSchema(made.outputs[0]!.type)).toEqual({
      type: "object",
      properties: { id: { anyOf: [{ type: "string" }, { type: "null" }], description: "as on the receipt" } },
      required: ["id"],
      additionalProperties: false,
    });
  });

  test("gives zod's own JSON schema, and says which schemas have none", () => {
    expect(jsonSchema(fromZod(z.int().min(1).max(5)))).toEqual({ type: "integer", minimum: 1, maximum: 5 });
    expect(() => jsonSchema(fromZod(z.date()))).toThrow(/no JSON schema/);
  });

  test("takes a schema from another copy of zod", () => {
    const other = createRequire(import.meta.url)("zod") as typeof z;
    expect(other.ZodType).not.toBe(z.ZodType);
    expect(typeName(fromZod(other.object({ a: other.int() })))).toBe("{a: int}");
  });

  test("says what a schema of zod 3 is", () => {
    const old = { _def: { typeName: "ZodString" } };
    expect(() => signature({ inputs: {}, outputs: { a: old as never } })).toThrow(
      "the type of field 'a' is a schema of zod 3",
    );
  });
});
