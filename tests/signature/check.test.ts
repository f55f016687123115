import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { check, fromZod, parseType } from "../../src/signature/index.ts";

describe("check", () => {
  test.each<[string, unknown]>([
    ["str", ""],
    ["int", -3],
    ["float", 2.5],
    ["bool", false],
    ["None", null],
    ["Any", null],
    ["Any", { a: [1] }],
    ["Literal['a', 1, None]", null],
    ["list[int]", []],
    ["dict[str, int]", { a: 1, "b c": 2 }],
    ["Optional[int]", null],
    ["Union[int, list[str]]", ["a"]],
    ["{ a: str, b?: int }", { a: "x" }],
    ["{ a: str, b?: int }", { a: "x", b: undefined }],
    ["Image", "https://example.org/a.png"],
    ["Image", "data:image/png;base64,AAAA"],
    ["Audio", { data: new Uint8Array(2), mediaType: "audio/wav" }],
    ["History", { messages: [{ question: "a", answer: "b" }] }],
  ])("%s takes %j", (type, value) => {
    expect(check(parseType(type), value)).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ["str", 1, "expected str, found number 1"],
    ["int", "1", "expected int, found string '1'"],
    ["int", 1.5, "expected int, found number 1.5"],
    ["float", NaN, "expected float, found number NaN"],
    ["bool", "true", "expected bool, found string 'true'"],
    ["Any", undefined, "expected Any, found nothing"],
    ["Literal['a', 'b']", "A", "expected Literal['a', 'b'], found string 'A'"],
    ["Optional[int]", undefined, "expected int, found nothing"],
    ["Union[int, str]", true, "expected Union[int, str], found boolean true"],
    ["list[int]", { 0: 1 }, "expected list[int], found an object of 0"],
    ["list[int]", [1, , 3], "at [1]: expected int, found nothing"],
    ["list[{ name: str }]", [{ name: "a" }, { name: 1 }], "at [1].name: expected str, found number 1"],
    ["dict[str, list[int]]", { "a b": [1, "x"] }, "at [\"a b\"][1]: expected int, found string 'x'"],
    ["dict[str, int]", [1], "expected dict[str, int], found a list of 1"],
    ["{ a: str }", {}, "at .a: expected str, found nothing"],
    ["{ a: str }", { a: "x", b: 1 }, "unexpected property 'b' in {a: str}"],
    ["{ toString: str }", {}, "at .toString: expected str, found nothing"],
    ["Image", "file:///etc/passwd", "expected dspy.Image: an https: or data: address"],
    ["History", [], "expected dspy.History: { messages: [{ field: value }] }; found a list of 0"],
  ])("%s does not take %j", (type, value, message) => {
    expect(check(parseType(type), value)).toContain(message);
  });

  test("an int is no bigint, which JSON cannot hold", () => {
    expect(check(parseType("int"), 1n)).toBe("expected int, found bigint 1");
  });

  test("a message stays short whatever the value", () => {
    expect(check(parseType("int"), "x".repeat(10_000))!.length).toBeLessThan(120);
  });

  test("takes any value of any kind without throwing", () => {
    const types = ["int", "list[int]", "dict[str, str]", "{ a: int }", "Image", "History"].map(parseType);
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        for (const type of types) expect(typeof check(type, value)).toMatch(/undefined|string/);
      }),
    );
  });

  test("asks zod what only zod can say, at its place", () => {
    const type = fromZod(z.object({ items: z.array(z.object({ price: z.number().min(1) })) }));
    expect(check(type, { items: [{ price: 2 }] })).toBeUndefined();
    expect(check(type, { items: [{ price: 2 }, { price: 0 }] })).toMatch(/^at \.items\[1\]\.price: .*>=1/);
    const whole = fromZod(z.looseObject({ a: z.object({ b: z.string() }) }));
    expect(check(whole, { a: { b: 1 }, c: 2 })).toMatch(/^at \.a\.b: /);
  });
});
