import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  fitsStrictMode,
  fromZod,
  jsonSchema,
  outputSchema,
  parseType,
  signature,
} from "../../src/signature/index.ts";

describe("jsonSchema", () => {
  test.each<[string, unknown]>([
    ["str", { type: "string" }],
    ["int", { type: "integer" }],
    ["float", { type: "number" }],
    ["None", { type: "null" }],
    ["Any", {}],
    ["Literal['a', 'b']", { type: "string", enum: ["a", "b"] }],
    ["Literal[1, 2]", { type: "number", enum: [1, 2] }],
    ["Literal['a', 1, None]", { enum: ["a", 1, null] }],
    ["Literal[None]", { enum: [null] }],
    ["list[int]", { type: "array", items: { type: "integer" } }],
    ["dict[str, int]", { type: "object", additionalProperties: { type: "integer" } }],
    ["Optional[int]", { anyOf: [{ type: "integer" }, { type: "null" }] }],
    ["Union[int, str]", { anyOf: [{ type: "integer" }, { type: "string" }] }],
    [
      "{ a: str, b?: int }",
      {
        type: "object",
        properties: { a: { type: "string" }, b: { anyOf: [{ type: "integer" }, { type: "null" }] } },
        required: ["a", "b"],
        additionalProperties: false,
      },
    ],
  ])("of %s", (type, schema) => {
    expect(jsonSchema(parseType(type))).toEqual(schema);
  });

  test("has none for what is only given to a model", () => {
    expect(() => jsonSchema(parseType("list[Image]"))).toThrow("dspy.Image has no JSON schema");
  });
});

test("outputSchema holds all outputs in their order, closed, with what they mean", () => {
  const made = signature("text -> b: int, a").describe({ a: "why" }).appendOutput("constructor", "bool");
  const schema = outputSchema(made);
  expect(schema).toEqual({
    type: "object",
    properties: {
      b: { type: "integer" },
      a: { type: "string", description: "why" },
      constructor: { type: "boolean" },
    },
    required: ["b", "a", "constructor"],
    additionalProperties: false,
  });
  expect(Object.keys(schema.properties!)).toEqual(["b", "a", "constructor"]);
});

test("fitsStrictMode is false where a part is open", () => {
  expect(fitsStrictMode(parseType("list[{ a: Optional[int] }]"))).toBe(true);
  expect(fitsStrictMode(parseType("list[{ a: dict[str, int] }]"))).toBe(false);
  expect(fitsStrictMode(parseType("Optional[Any]"))).toBe(false);
  expect(fitsStrictMode(fromZod(z.email()))).toBe(false);
});
