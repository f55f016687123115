import { nearest } from "../core/errors.ts";
import {
  literalOf,
  optionalOf,
  unionOf,
  type FieldType,
  type LiteralValue,
  type Property,
} from "./field-type.ts";
import { Reader } from "./reader.ts";

/**
 * Types that are a name alone. The type checker reads the same names from `NamedTypes` in infer.ts.
 */
export const namedTypes: ReadonlyMap<string, FieldType> = new Map<string, FieldType>([
  ...named({ kind: "string" }, "str", "string"),
  ...named({ kind: "integer" }, "int", "integer"),
  ...named({ kind: "number" }, "float", "number"),
  ...named({ kind: "boolean" }, "bool", "boolean"),
  ...named({ kind: "null" }, "None", "null"),
  ...named({ kind: "any" }, "Any", "any", "unknown"),
  ...named({ kind: "list", item: { kind: "any" } }, "list", "List"),
  ...named({ kind: "record", value: { kind: "any" } }, "dict", "Dict"),
  ...named({ kind: "literal", values: [true] }, "True", "true"),
  ...named({ kind: "literal", values: [false] }, "False", "false"),
  ...named({ kind: "media", media: "image" }, "Image", "dspy.Image"),
  ...named({ kind: "media", media: "audio" }, "Audio", "dspy.Audio"),
  ...named({ kind: "media", media: "file" }, "File", "dspy.File"),
  ...named({ kind: "history" }, "History", "dspy.History"),
]);

function named(type: FieldType, ...names: string[]): [string, FieldType][] {
  return names.map((name) => [name, type]);
}

/** Types that take others in brackets, `[…]` as in Python or `<…>` as in TypeScript. */
const generics: ReadonlyMap<string, (reader: Reader, close: string) => FieldType> = new Map([
  ...["list", "List", "Array"].map((name) => [name, readList] as const),
  ...["dict", "Dict", "Record"].map((name) => [name, readRecord] as const),
  ["Optional", readOptional],
  ["Union", readUnion],
  ["Literal", readLiteral],
]);

/** What to write instead of types that have no JSON form of their own. */
const substitutes: Readonly<Record<string, string>> = {
  tuple: "list[T], or an object { first: str, second: int }",
  set: "list[T]",
  bytes: "str",
  date: "str",
  datetime: "str",
  Date: "str",
  object: "dict[str, T], or an object { name: str }",
};

/**
 * Reads a type in the spelling of DSPy (`list[str]`, `dict[str, int]`, `Optional[int]`, `Union[int, str]`,
 * `Literal['a', 'b']`, `dspy.Image`) or of TypeScript (`string[]`, `Record<string, number>`, `'a' | 'b'`,
 * `number | null`, `{ name: string, age?: int }`). `number` and `float` take any number, `int` whole ones.
 *
 * @throws ConfigurationError with a caret under the mistake and the nearest known name.
 */
export function parseType(text: string): FieldType {
  const reader = new Reader(text);
  const type = readType(reader);
  if (reader.token.kind !== "end") reader.fail(`expected the end of the type, found ${reader.found()}`);
  return type;
}

/** Reads one type and leaves the reader after it. */
export function readType(reader: Reader): FieldType {
  const options = [readElement(reader)];
  while (reader.skip("|")) options.push(readElement(reader));
  return options.length === 1 ? options[0]! : unionOf(options);
}

/** A type without `|` of its own, and the `[]` that follow it. */
function readElement(reader: Reader): FieldType {
  let type = readPrimary(reader);
  while (reader.skip("[")) {
    reader.expect("]", "to make a list");
    type = { kind: "list", item: type };
  }
  return type;
}

function readPrimary(reader: Reader): FieldType {
  const { kind, text, at } = reader.token;
  if (kind === "string" || kind === "number") return literalOf([readValue(reader)]);
  if (reader.skip("(")) {
    const type = readType(reader);
    reader.expect(")", "to close '('");
    return type;
  }
  if (reader.skip("{")) return readObject(reader);
  if (kind !== "name") reader.fail(`expected a type, found ${reader.found()}`);
  reader.take();

  const generic = generics.get(text);
  const named = namedTypes.get(text);
  const { kind: following, text: bracket } = reader.token;
  const opens = following === "mark" && (bracket === "[" || bracket === "<");
  if (generic && opens) {
    reader.take();
    const close = bracket === "[" ? "]" : ">";
    // `list[]` would be a list of nothing: TypeScript's `T[]` needs a type before it.
    if (reader.token.text === close) reader.fail(`${text}${bracket}${close} needs a type within`);
    const type = generic(reader, close);
    reader.expect(close, `to close ${text}${bracket}`);
    return type;
  }
  if (named) return named;
  if (generic) return reader.fail(`${text} needs a type within: ${text}[…]`, at);
  return reader.fail(`unknown type '${text}'${advice(text)}`, at);
}

function advice(name: string): string {
  const substitute = Object.hasOwn(substitutes, name) ? substitutes[name] : undefined;
  if (substitute !== undefined) return `; use ${substitute}`;
  const known = nearest(name, [...namedTypes.keys(), ...generics.keys()]);
  return known === undefined
    ? "; known are str, int, float, bool, list[T], dict[str, T], Optional[T], Literal['a', 'b'], Any"
    : `; did you mean '${known}'?`;
}

function readList(reader: Reader): FieldType {
  return { kind: "list", item: readType(reader) };
}

function readRecord(reader: Reader): FieldType {
  const { at } = reader.token;
  if (readType(reader).kind !== "string") reader.fail("keys are str in JSON: write dict[str, T]", at);
  reader.expect(",", "between the type of the keys and that of the values");
  return { kind: "record", value: readType(reader) };
}

function readOptional(reader: Reader): FieldType {
  return optionalOf(readType(reader));
}

function readUnion(reader: Reader): FieldType {
  return unionOf(readSeveral(reader, readType));
}

function readLiteral(reader: Reader): FieldType {
  return literalOf(readSeveral(reader, readValue));
}

function readSeveral<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const items = [read(reader)];
  while (reader.skip(",")) items.push(read(reader));
  return items;
}

/** The words a `Literal` may hold besides strings and numbers. */
const words: ReadonlyMap<string, LiteralValue> = new Map<string, LiteralValue>([
  ["True", true],
  ["true", true],
  ["False", false],
  ["false", false],
  ["None", null],
  ["null", null],
]);

function readValue(reader: Reader): LiteralValue {
  const { kind, text, value, at } = reader.take();
  if (kind === "string") return value;
  if (kind === "number") {
    // Only the shortest spelling: the type checker reads numbers so, and 1.0 and 1 are one value here.
    const number = Number(text);
    if (String(number) !== text) reader.fail(`write this number as ${String(number)}`, at);
    return number;
  }
  const word = words.get(text);
  if (word !== undefined) return word;
  return reader.fail(`expected a value such as 'a', 1, True or None, found '${text}'`, at);
}

function readObject(reader: Reader): FieldType {
  const fields: Property[] = [];
  while (reader.token.text !== "}") {
    const { text: name, at } = readName(reader, "property");
    if (fields.some((field) => field.name === name)) reader.fail(`property '${name}' stands here twice`, at);
    const optional = reader.skip("?") !== undefined;
    reader.expect(":", `after property '${name}'`);
    fields.push({ name, type: readType(reader), optional });
    if (reader.skip(",", ";") === undefined) break;
  }
  reader.expect("}", "to close '{'");
  return { kind: "object", fields };
}

/** Takes a name of letters, digits and `_`. `what` is the thing named, for the message. */
export function readName(reader: Reader, what: string): { text: string; at: number } {
  const { kind, text, at } = reader.token;
  if (kind !== "name") reader.fail(`expected the name of a ${what}, found ${reader.found()}`);
  const problem = nameProblem(text);
  if (problem !== undefined) reader.fail(problem, at);
  reader.take();
  return { text, at };
}

/** What is wrong with the name, if anything is. */
export function nameProblem(name: string): string | undefined {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    return `invalid name '${name}': use letters, digits and _, and begin with a letter or _`;
  }
  return name === "__proto__" ? "the name '__proto__' has a meaning of its own in JavaScript" : undefined;
}
