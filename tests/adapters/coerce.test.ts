import { describe, expect, test } from "vitest";
import { z } from "zod";
import { coerce, coerceText } from "../../src/adapters/coerce.ts";
import { fromZod, parseType } from "../../src/signature/index.ts";

const type = (spelling: string) => parseType(spelling);

describe("values that came as JSON", () => {
  test.each<[string, unknown, unknown]>([
    ["int", "3", 3],
    ["int", " 3 ", 3],
    ["int", "4.0", 4],
    ["int", "+4", 4],
    ["int", "1_000", 1000],
    ["float", ".5", 0.5],
    ["float", "1e3", 1000],
    ["bool", "True", true],
    ["bool", "yes", true],
    ["bool", 0, false],
    ["str", 5, "5"],
    ["str", true, "True"],
    ["str", ["a", 1], '["a",1]'],
    ["Literal['low', 'high']", "High.", "high"],
    ["Literal['low', 'high']", "**low**", "low"],
    ["Literal['lost bag', 'other']", "Lost_Bag", "lost bag"],
    ["Literal[1, 2, 3]", "3", 3],
    ["Literal['1', '2']", 2, "2"],
    ["Literal[True, False]", "true", true],
    ["list[int]", ["1", 2], [1, 2]],
    ["list[int]", "[1, 2]", [1, 2]],
    ["list[int]", "1, 2", [1, 2]],
    ["list[str]", '"x", "y"', ["x", "y"]],
    ["list[str]", "- x\n- y", ["x", "y"]],
    ["dict[str, int]", '{"x": "1"}', { x: 1 }],
    ["Optional[int]", "None", null],
    ["Optional[int]", "", null],
    ["Optional[str]", "null", "null"],
    ["Union[int, str]", "5", "5"],
    ["Union[int, list[int]]", "[1]", [1]],
    ["{ name: str, age?: int }", { Name: "x", age: null, extra: 1 }, { name: "x" }],
    ["Any", { a: [1] }, { a: [1] }],
  ])("%s from %j", (spelling, value, expected) => {
    expect(coerce(type(spelling), value)).toEqual(expected);
  });

  test.each<[string, unknown, RegExp]>([
    ["int", "4.5", /expected int, found string '4.5'/],
    ["int", "four", /expected int/],
    ["int", "1,234", /expected int/],
    ["int", "12345678901234567890", /expected int/],
    ["int", true, /expected int/],
    ["float", "75%", /expected float/],
    ["float", "NaN", /expected float/],
    ["bool", "maybe", /expected bool/],
    ["str", null, /expected str, found null/],
    ["Literal['a', 'A']", '"Å"', /expected Literal/],
    ["Literal['ab', 'a b', 'a-b']", "A_B", /expected Literal/],
    ["list[int]", [1, "x"], /at \[1\]: expected int/],
    ["list[int]", 1, /expected list/],
    ["list[str]", "x, y", /expected list/],
    ["list[str]", "a", /expected list/],
    ["dict[str, int]", { bolt: "four" }, /at \.bolt: expected int/],
  ])("%s not from %j", (spelling, value, message) => {
    expect(() => coerce(type(spelling), value)).toThrow(message);
  });

  test("a number keeps its digits where text is wanted", () => {
    expect(coerce(type("str"), 1.5, "1.50")).toBe("1.50");
  });
});

describe("text written for a field", () => {
  test.each<[string, string, unknown]>([
    ["str", '  "quoted" ', '"quoted"'],
    ["Union[int, str]", "5", 5],
    ["Union[int, str]", '"5"', "5"],
    ["Union[int, str]", "abc", "abc"],
    ["Any", "5", 5],
    ["Any", "hello there", "hello there"],
    ["Optional[str]", "null", "null"],
    ["Optional[Literal['x', 'y']]", "None", null],
    ["list[int]", "The list is [1, 2].", [1, 2]],
    ["dict[str, int]", "```json\n{'x': 1}\n```", { x: 1 }],
    ["bool", "True.", true],
    ["int", "**4**", 4],
  ])("%s from %j", (spelling, text, expected) => {
    expect(coerceText(type(spelling), text)).toEqual(expected);
  });
});

describe("a bracket within text", () => {
  test.each<[string, string, unknown]>([
    [
      "list[str]",
      "1. Buy milk (2 l)\n2. Read [RFC 9110]\n3. Sleep",
      ["Buy milk (2 l)", "Read [RFC 9110]", "Sleep"],
    ],
    ["list[str]", "- [x] Buy\n- [ ] Sleep", ["[x] Buy", "[ ] Sleep"]],
    ["list[str]", 'Here you are: ["a","b"].', ["a", "b"]],
    ["list[str]", 'Sure!\nHere are the tags:\n["a", "b"]\n\nHope this helps!', ["a", "b"]],
    ["list[str]", '**Tags:** ["a"]', ["a"]],
    ["list[str]", '"tags": ["a"]', ["a"]],
    ["list[str]", "The tags are `[red, green]`.", ["red", "green"]],
    ["list[str]", 'Here they are\n```json\n["a"]\n```\nI hope it helps', ["a"]],
    ["dict[str, int]", 'parts: {"b": 2}', { b: 2 }],
  ])("is read where the rest is prose: %s from %j", (spelling, text, expected) => {
    expect(coerceText(type(spelling), text)).toEqual(expected);
    expect(coerce(type(spelling), text)).toEqual(expected);
  });

  test.each([
    ["list[int]", "4, 5, [6]"],
    ["list[int]", "4; [5]"],
    ["list[int]", "[1, 2] and 3."],
    ["list[int]", "[1, 2]\n3"],
    ["list[int]", "[1, 2]. 3."],
    ["list[str]", '["a", "b"], "c"'],
    ["list[str]", '["a"]\nb'],
    ["list[str]", 'a:\n- b\n["c"]'],
    ["list[str]", "Read [RFC 9110] and sleep"],
    ["list[str]", "Buy milk\nRead [RFC 9110]\nSleep"],
    ["list[str]", "Buy: [milk]\nGo to bed."],
    ["list[str]", '- a\n```json\n["b"]\n```'],
    ["dict[str, Any]", 'a: 1, {"b": 2}'],
    ["dict[str, Any]", 'a: 1, b: {"c": 2}'],
    ["dict[str, Any]", 'a: 1\n{"b": 2}'],
    ["dict[str, Any]", 'a: {"b": 2}'],
  ])("is not read where the rest may be entries: %s from %j", (spelling, text) => {
    expect(() => coerceText(type(spelling), text)).toThrow(/expected/);
    expect(() => coerce(type(spelling), text)).toThrow(/expected/);
  });

  test("is looked at in linear time", () => {
    for (const piece of [" ", "*", "a: ", "a,", "```", "<", "\n- "]) {
      const text = `${piece.repeat(100_000)}x[1]${piece.repeat(100_000)}x`;
      expect(() => coerceText(type("list[int]"), text)).toThrow(/expected/);
    }
  });
});

describe("zod", () => {
  test("coerces inside, and gives what the schema makes of the value", () => {
    const schema = z.object({
      name: z.string(),
      score: z.number().min(1).max(5),
      tags: z.array(z.string()).default([]),
    });
    expect(coerce(fromZod(schema), '{"name": "x", "score": 4}')).toEqual({ name: "x", score: 4, tags: [] });
    expect(() => coerce(fromZod(schema), { name: "x", score: 9 })).toThrow(/score/);
    expect(coerce(fromZod(z.string().transform((text) => text.length)), "four")).toBe(4);
    expect(coerce(fromZod(z.number().int().min(1)), "3")).toBe(3);
  });
});
