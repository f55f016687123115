import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJson, readObjects, readWhole, unreadable } from "../../src/adapters/json-reader.ts";

const values = (text: string, options = {}) =>
  readObjects(text, options).map(({ members }) =>
    Object.fromEntries([...members].map(([key, { value }]) => [key, value])),
  );

describe("strict JSON", () => {
  test("reads as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, "\t"), (json, space) => {
        const value: unknown = JSON.parse(json);
        expect(readWhole(JSON.stringify(value, null, space))).toEqual(value);
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });

  test("keeps quotes, keys and brackets inside strings apart from the structure", () => {
    const value = { 'a "b", "c": {': 'x", "y": \'', "it's": ["]", '"', "\\"], e: "" };
    expect(readWhole(JSON.stringify(value))).toEqual(value);
  });

  test("makes `__proto__` a property of its own", () => {
    const read = readWhole('{"__proto__": {"admin": true}}') as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(read)).toEqual(["__proto__"]);
  });

  test("keeps digits that a double cannot hold", () => {
    expect(readWhole("12345678901234567890")).toBe("12345678901234567890");
    expect(readWhole("9007199254740991")).toBe(9007199254740991);
  });
});

describe("repairs", () => {
  test.each([
    ["prose around", 'Sure! {"a": 1} Hope it helps.', [{ a: 1 }]],
    ["a fence", '```json\n{"a": 1}\n```', [{ a: 1 }]],
    ["single quotes", "{'a': 'it\\'s'}", [{ a: "it's" }]],
    ["typographic quotes", "{“a”: “x”}", [{ a: "x" }]],
    ["Python's literals", "{'a': True, 'b': None, 'c': (1, 2)}", [{ a: true, b: null, c: [1, 2] }]],
    ["trailing commas", '{"a": [1, 2,], }', [{ a: [1, 2] }]],
    ["comments", '{"a": 1, // one\n /* two */ "b": 2 # three\n}', [{ a: 1, b: 2 }]],
    ["some keys without quotes", "{'a': 'x', b: 'y'}", [{ a: "x", b: "y" }]],
    ["keys and words without quotes", "{a: fine, b: 2}", [{ a: "fine", b: 2 }]],
    ["a forgotten comma", '{"a": "x"\n"b": 2}', [{ a: "x", b: 2 }]],
    [
      "quotes not escaped",
      '{"a": "He said "hi", then left", "b": 1}',
      [{ a: 'He said "hi", then left', b: 1 }],
    ],
    ["an unknown escape", '{"a": "\\alpha"}', [{ a: "\\alpha" }]],
    ["line breaks in a string", '{"a": "x\ny"}', [{ a: "x\ny" }]],
    ["no-break spaces", '{\u00a0"a":\u00a01\u200b}\ufeff', [{ a: 1 }]],
    ["a repeated key", '{"a": 1, "a": 2}', [{ a: 2 }]],
    ["several objects", '{"a": 1} or {"a": 2}', [{ a: 1 }, { a: 2 }]],
    ["a brace in prose", '{thinking… {"a": 1}', [{ a: 1 }]],
    ["forgotten brackets", '{"a": [1, 2', [{ a: [1, 2] }]],
  ])("%s", (_name, text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  test("gives the source of a member", () => {
    expect(readObjects('{"a": 1.50 , "b": [1,  2]}')[0]!.members.get("a")).toEqual({
      value: 1.5,
      source: "1.50",
    });
  });

  test("reads the only list in prose, and none of two", () => {
    expect(readJson("The list is [1, 2].")).toEqual([1, 2]);
    expect(readJson("[1] or [2]")).toBe(unreadable);
    expect(readJson("nothing here")).toBe(unreadable);
  });

  test("does not split a string that can be split in two ways", () => {
    expect(values('{"a": "say "a", b: "c"}')).toEqual([]);
    expect(values('{"a": "x"; "b": "y"}')).toEqual([]);
    expect(values('{"a": ["say "a", "b" please"]}')).toEqual([]);
  });
});

describe("entries that no comma parts", () => {
  test.each([
    '["a" "b"]',
    '["a""b"]',
    '["a"\n"b", "c"]',
    '["a"; "b"]',
    '["a" b, "c"]',
    '["a" and "b"]',
    '["\\"a" "b"]',
    "['a' 'b']",
    "[“a” “b”]",
    '{"x": ["a" "b"]}',
    '{"a": "x" b: "y"}',
  ])("are not read as one: %s", (text) => {
    expect(readJson(text)).toBe(unreadable);
    expect(values(`{"n": ${text}}`).flatMap(Object.values)).toEqual([]);
  });

  test("unlike one that quotes", () => {
    expect(readJson('["he said "hi""]')).toEqual(['he said "hi"']);
    expect(readJson('["She said, "go" and went"]')).toEqual(['She said, "go" and went']);
    expect(readJson("['it's fine', 'b']")).toBe(unreadable);
  });
});

describe("text that ends early", () => {
  test.each([
    ['{"a": 1, "b": "hal', [{ a: 1 }], [{ a: 1 }]],
    ['{"a": 1, "b": tru', [{ a: 1 }], [{ a: 1 }]],
    ['{"a": 1, "b": ["x", "y', [{ a: 1 }], [{ a: 1 }]],
    ['{"a": 1, "b": ["x",', [{ a: 1 }], [{ a: 1 }]],
    ['{"a": 1, "b": 12', [{ a: 1, b: 12 }], [{ a: 1 }]],
    ['{"a": 1, "b": ["x"', [{ a: 1, b: ["x"] }], [{ a: 1 }]],
    ['{"a": 1, "b": "whole"', [{ a: 1, b: "whole" }], [{ a: 1, b: "whole" }]],
  ])("%s", (text, forgotten, cut) => {
    expect(values(text)).toEqual(forgotten);
    expect(values(text, { cut: true })).toEqual(cut);
  });
});

test("hostile text is given up on, not searched for ever", () => {
  const size = 200_000;
  for (const piece of [
    "{",
    "[",
    '{"a":',
    '{"a": "',
    '{"a":/*',
    '{"a":"x", "',
    "{a ",
    '{"a":1,',
    '"',
    "{'",
    "\\",
    "/*",
  ]) {
    const text = piece.repeat(size / piece.length);
    expect(readJson(text) === unreadable, piece).toBe(true);
    const read = values(text).flatMap((object) => Object.values(object));
    expect(
      read.every((value) => value === 1),
      piece,
    ).toBe(true);
  }
});
