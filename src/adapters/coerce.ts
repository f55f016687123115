import { check, someType, type FieldType, type ZodSchema } from "../signature/index.ts";
import { readInProse, readJson, readWhole, unreadable } from "./json-reader.ts";
import { readBoolean, readInteger, readLiteral, readNumber, saysNull } from "./scalar.ts";

/** A value that cannot be read as its type; the message says what was found, and where. */
export class Misfit extends Error {
  override name = "Misfit";
}

/**
 * `value`, which came as JSON, as `type`. What is of the type already stays; otherwise what plainly says a value
 * of the type becomes it, as in Python's pydantic: `"3"` an int, `"yes"` a bool, text of JSON a list. A value is
 * never guessed: one bad entry makes the whole list bad.
 *
 * @param source - the JSON the value was read from, kept where a string is wanted: `1.50` is not `1.5`.
 * @throws Misfit where the value is not of the type.
 */
export function coerce(type: FieldType, value: unknown, source?: string): unknown {
  if (type.kind === "string" && typeof value === "number" && source !== undefined) return source;
  return settle(type, convert(type, value));
}

/**
 * `text`, all that was written for a field, as `type`. Unlike in JSON, nothing shows whether `5` is meant as text:
 * where the type takes both, it is the number.
 *
 * @throws Misfit where the text does not say a value of the type.
 */
export function coerceText(type: FieldType, text: string): unknown {
  return settle(type, convertText(type, text.trim()));
}

/** Whether text is a value of the type as it stands, so that a writer needs no quotes. */
export function takesText(type: FieldType): boolean {
  if (type.kind === "optional") return takesString(type.inner);
  return type.kind === "string" || type.kind === "literal";
}

function takesString(type: FieldType): boolean {
  return type.kind === "string" || (type.kind === "union" && type.options.some(takesString));
}

function settle(type: FieldType, value: unknown): unknown {
  const problem = check(type, value);
  if (problem !== undefined) throw new Misfit(problem);
  return transform(type, value);
}

function convertText(type: FieldType, text: string): unknown {
  if (type.kind === "optional") {
    // As in DSPy: where any text is a value, `null` is text too, and a missing field is null.
    return takesString(type.inner) ? text : orNull(type.inner, text, convertText(type.inner, text));
  }
  if (type.kind !== "union" && type.kind !== "any") return convert(type, text);
  const value = readWhole(text);
  const read = value === unreadable ? unreadable : convert(type, value);
  return read !== unreadable && check(type, read) === undefined ? read : convert(type, text);
}

/** `value` made to fit `type` as far as that goes without guessing; whether it fits is for `check` to say. */
function convert(type: FieldType, value: unknown): unknown {
  switch (type.kind) {
    case "string":
      return toText(value);
    case "integer":
      return (typeof value === "string" ? readInteger(value) : undefined) ?? value;
    case "number":
      return (typeof value === "string" ? readNumber(value) : undefined) ?? value;
    case "boolean":
      if (value === 0 || value === 1) return value === 1;
      return (typeof value === "string" ? readBoolean(value) : undefined) ?? value;
    case "null":
      return typeof value === "string" && saysNull(value) ? null : value;
    case "literal": {
      const literal = readLiteral(type.values, value);
      return literal === undefined ? value : literal;
    }
    case "optional":
      return value === null ? null : orNull(type.inner, value, convert(type.inner, value));
    case "union":
      return convertUnion(type.options, value);
    case "list": {
      const list = Array.isArray(value) ? (value as unknown[]) : readList(value);
      return list ? list.map((item) => convert(type.item, item)) : value;
    }
    case "record": {
      const entries = isLoneEntry(type.value, value) ? undefined : toEntries(value);
      return entries ? fromEntries(entries.map(([key, item]) => [key, convert(type.value, item)])) : value;
    }
    case "object": {
      const entries = toEntries(value);
      return entries ? convertObject(type.fields, entries) : value;
    }
    case "zod":
      return convertZod(type, value);
    default:
      return value;
  }
}

/** `converted` where that is of the type, null where `value` says that there is none. */
function orNull(type: FieldType, value: unknown, converted: unknown): unknown {
  const isNull = typeof value === "string" && saysNull(value) && check(type, converted) !== undefined;
  return isNull ? null : converted;
}

function toText(value: unknown): unknown {
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}

function convertUnion(options: readonly FieldType[], value: unknown): unknown {
  const fits = (option: FieldType, candidate: unknown) => check(option, candidate) === undefined;
  if (options.some((option) => fits(option, value))) return value;
  for (const option of options) {
    const converted = convert(option, value);
    if (fits(option, converted)) return converted;
  }
  return value;
}

function convertObject(
  fields: Extract<FieldType, { kind: "object" }>["fields"],
  entries: readonly (readonly [string, unknown])[],
): unknown {
  const given = new Map(entries);
  const found: [string, unknown][] = [];
  for (const { name, type, optional } of fields) {
    const key = matchName(name, given.keys());
    if (key === undefined) {
      // A schema of zod may have a default.
      if (!optional && type.kind === "zod" && check(type, undefined) === undefined)
        found.push([name, undefined]);
      continue;
    }
    const value = convert(type, given.get(key));
    // A schema that requires every property has null for one that is absent.
    if (!(optional && value === null && check(type, null) !== undefined)) found.push([name, value]);
  }
  return fromEntries(found);
}

/** The one of `keys` that is `name`, or else the only one that differs in no more than case. */
export function matchName(name: string, keys: Iterable<string>): string | undefined {
  const alike: string[] = [];
  for (const key of keys) {
    if (key === name) return key;
    if (key.toLowerCase() === name.toLowerCase()) alike.push(key);
  }
  return alike.length === 1 ? alike[0] : undefined;
}

function convertZod(type: Extract<FieldType, { kind: "zod" }>, value: unknown): unknown {
  if (typeof value !== "string" || check(type, value) === undefined) return value;
  const read = readJson(value);
  return read !== unreadable && check(type, read) === undefined ? read : value;
}

/** What a schema of zod makes of values it accepts: defaults filled in, transforms applied. */
function transform(type: FieldType, value: unknown): unknown {
  if (!someType(type, ({ kind }) => kind === "zod")) return value;
  switch (type.kind) {
    case "zod": {
      const schema = type.schema as ZodSchema & { safeParse?: (value: unknown) => { data?: unknown } };
      return schema.safeParse ? schema.safeParse(value).data : value;
    }
    case "optional":
      return value === null ? null : transform(type.inner, value);
    case "list":
      return (value as unknown[]).map((item) => transform(type.item, item));
    case "record":
      return fromEntries(toEntries(value)!.map(([key, item]) => [key, transform(type.value, item)]));
    case "object": {
      const types = new Map(type.fields.map((property) => [property.name, property.type]));
      return fromEntries(toEntries(value)!.map(([key, item]) => [key, transform(types.get(key)!, item)]));
    }
    case "union":
      return transform(
        type.options.find((option) => check(option, value) === undefined)!,
        value,
      );
    default:
      return value;
  }
}

/** The list that a text plainly says: as JSON, with a bullet to each line, with its brackets missing, or in prose. */
export function readList(value: unknown): unknown[] | undefined {
  if (typeof value !== "string") return undefined;
  const whole = readWhole(value);
  if (Array.isArray(whole)) return whole as unknown[];
  const list = readBullets(value) ?? readBareList(value.trim());
  if (list) return list;
  const read = readInProse(value);
  return Array.isArray(read) ? (read as unknown[]) : undefined;
}

/** `1, 2` and `"a", "b"`: a list that lacks no more than its brackets. */
function readBareList(text: string): unknown[] | undefined {
  if (!text.includes(",") || text.endsWith(",") || !/^["'\d.-]/.test(text)) return undefined;
  const list = readWhole(`[${text}]`);
  if (!Array.isArray(list)) return undefined;
  const quoted = /^["']/.test(text);
  return list.every((item) => typeof item === (quoted ? "string" : "number"))
    ? (list as unknown[])
    : undefined;
}

/** A list of Markdown: every line starts with a bullet or a number. */
function readBullets(text: string): string[] | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const items = lines.map((line) => /^\s*(?:[-*•]|\d+[.)])\s+(.*)$/.exec(line)?.[1]?.trim());
  return lines.length > 0 && items.every((item) => item !== undefined) ? items : undefined;
}

/** `a: {"b": 1}`, where values may be objects: the name may be a key as well as what brings the object in. */
function isLoneEntry(values: FieldType, value: unknown): boolean {
  const hasName = typeof value === "string" && /^["'`*]{0,3}\w{1,100}["'`*]{0,3}\s*:[\s"'`*]*\{/.test(value);
  return hasName && someType(values, ({ kind }) => ["any", "object", "record", "zod"].includes(kind));
}

function toEntries(value: unknown): [string, unknown][] | undefined {
  if (typeof value === "string") {
    const read = readJson(value);
    return read === unreadable || typeof read === "string" ? undefined : toEntries(read);
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? Object.entries(value) : undefined;
}

/** As `Object.fromEntries`, which makes even `__proto__` a property of its own. */
const fromEntries = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(entries);
