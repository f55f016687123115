import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  literalOf,
  optionalOf,
  parseType,
  typeName,
  unionOf,
  type FieldType,
  type Property,
} from "../../src/signature/index.ts";

/** The message of the error that reading `text` throws. */
function mistake(text: string): string {
  try {
    parseType(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`'${text}' was read`);
}

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((text) => text !== "__proto__");
const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0), // -0 is 0 here
  fc.boolean(),
  fc.constant(null),
);

const { type } = fc.letrec<{ type: FieldType; property: Property }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<FieldType>(
      { kind: "string" },
      { kind: "integer" },
      { kind: "number" },
      { kind: "boolean" },
      { kind: "null" },
      { kind: "any" },
      { kind: "history" },
      { kind: "media", media: "image" },
      { kind: "media", media: "audio" },
      { kind: "media", media: "file" },
    ),
    fc.array(value, { minLength: 1, maxLength: 5 }).map(literalOf),
    tie("type").map((item): FieldType => ({ kind: "list", item })),
    tie("type").map((value): FieldType => ({ kind: "record", value })),
    tie("type").map(optionalOf),
    fc.array(tie("type"), { minLength: 1, maxLength: 4 }).map(unionOf),
    fc
      .uniqueArray(tie("property"), { selector: (property) => property.name, maxLength: 4 })
      .map((fields): FieldType => ({ kind: "object", fields })),
  ),
  property: fc.record({ name, type: tie("type"), optional: fc.boolean() }),
}));

describe("parseType", () => {
  test("reads back every type that typeName writes", () => {
    fc.assert(
      fc.property(type, (type) => {
        expect(parseType(typeName(type))).toEqual(type);
      }),
      { numRuns: 1000 },
    );
  });

  test("never fails but with a message that holds a caret", () => {
    const piece = fc.constantFrom(
      ..."[]<>{}()|,:;?'\"\\ \n",
      "->",
      "list",
      "dict",
      "Literal",
      "int",
      "'a'",
      "1",
      "x",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        let type: FieldType;
        try {
          type = parseType(text);
        } catch (error) {
          expect((error as Error).name).toBe("ConfigurationError");
          expect((error as Error).message).toMatch(/\n {2}.*\n {2} *\^$/);
          return;
        }
        expect(parseType(typeName(type))).toEqual(type);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["string", "str"],
    ["number", "float"],
    ["integer", "int"],
    ["boolean", "bool"],
    ["null", "None"],
    ["unknown", "Any"],
    ["List[int]", "list[int]"],
    ["int[][]", "list[list[int]]"],
    ["Array<string>", "list[str]"],
    ["list", "list[Any]"],
    ["dict", "dict[str, Any]"],
    ["Record<string, number[]>", "dict[str, list[float]]"],
    ["Optional[Optional[int]]", "Optional[int]"],
    ["int | None", "Optional[int]"],
    ["Union[int, str, None]", "Optional[Union[int, str]]"],
    ["Union[int]", "int"],
    ["int | (str | int)", "Union[int, str]"],
    ["'a' | 'b' | 'a'", "Literal['a', 'b']"],
    ["'a' | null", "Optional[Literal['a']]"],
    ["'a' | int | 'b'", "Union[Literal['a', 'b'], int]"],
    ["true | false", "Literal[True, False]"],
    ["(int | null)[]", "list[Optional[int]]"],
    ["Literal['a', None, -1.5, true]", "Literal['a', None, -1.5, True]"],
    ["Literal[ 'a, b' , \"it's\", 'say \\'x\\'', ']' ]", "Literal['a, b', \"it's\", \"say 'x'\", ']']"],
    ["{ a: string; b?: int[], }", "{a: str, b?: list[int]}"],
    ["list [ dict [ str ,\n int ] ]", "list[dict[str, int]]"],
    ["Image[]", "list[dspy.Image]"],
    ["dspy.History", "dspy.History"],
  ])("%s is %s", (written, name) => {
    expect(typeName(parseType(written))).toBe(name);
  });

  test("shows the place of a mistake and the nearest name", () => {
    expect(mistake("list[strng]")).toBe(
      "unknown type 'strng'; did you mean 'string'?\n  list[strng]\n       ^",
    );
    expect(mistake("dict[str,\n  flaot]")).toMatch(/did you mean 'float'\?\n {4}flaot\]\n {4}\^$/);
  });

  test("cuts a long line around the mistake", () => {
    const labels = Array.from({ length: 60 }, (_, index) => `'label ${index}'`).join(", ");
    const [, line, caret] = mistake(`Union[Literal[${labels}], strng, Literal[${labels}]]`).split("\n");
    expect(line!.length).toBeLessThan(100);
    expect(line!.slice(caret!.indexOf("^"))).toMatch(/^strng/);
  });

  test.each([
    ["", "expected a type, found the end"],
    ["list[", "expected a type, found the end"],
    ["list[int", "expected ']' to close list[, found the end"],
    ["list[int>", "expected ']' to close list[, found '>'"],
    ["list[]", "list[] needs a type within"],
    ["Array", "Array needs a type within"],
    ["Literal", "Literal needs a type within"],
    ["Literal[x]", "expected a value such as 'a', 1, True or None, found 'x'"],
    ["Literal['a", "this quote is not closed"],
    ["Literal[1.0]", "write this number as 1"],
    ["Literal['\\q']", "unknown escape '\\q'"],
    ["tuple[int, str]", "unknown type 'tuple'; use list[T]"],
    ["dict[int, str]", "keys are str in JSON"],
    ["dict[str]", "expected ',' between"],
    ["int]", "expected the end of the type, found ']'"],
    ["{a: int, a: str}", "property 'a' stands here twice"],
    ["{__proto__: int}", "the name '__proto__'"],
    ["constructor", "unknown type 'constructor'"],
    ["String", "did you mean 'string'?"],
  ])("%j is refused: %s", (text, message) => {
    expect(mistake(text)).toContain(message);
  });
});
