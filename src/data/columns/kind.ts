import { DataError } from "../../core/errors.ts";

/**
 * What a column holds. Null stands for a missing value in every kind.
 *
 * - `integer`: whole numbers that a JavaScript number holds exactly (up to 2^53).
 * - `number`: 64-bit floats, NaN and the infinities among them.
 * - `timestamp`: `Date`, to the millisecond.
 * - `binary`: `Uint8Array`.
 * - `list`: arrays whose items are of one kind.
 * - `struct`: records that all have the same fields.
 * - `json`: other nested values (records with differing fields, lists of mixed items), kept as JSON.
 * - `null`: nothing but missing values.
 */
export type Kind =
  { name: ScalarName } | { name: "list"; item: Kind } | { name: "struct"; fields: ReadonlyMap<string, Kind> };

/** The kinds that a user can ask for by name. */
export type ScalarName =
  "null" | "boolean" | "integer" | "number" | "string" | "timestamp" | "binary" | "json";

/** One shared object a scalar kind, so that kinds compare by identity. */
export const scalar: Readonly<Record<ScalarName, Kind>> = {
  null: { name: "null" },
  boolean: { name: "boolean" },
  integer: { name: "integer" },
  number: { name: "number" },
  string: { name: "string" },
  timestamp: { name: "timestamp" },
  binary: { name: "binary" },
  json: { name: "json" },
};

/** Whole numbers beyond 2^53: neither `integer` nor `number` holds them, so such a column is kept as text. */
const long: Kind = { name: "string" };

/** A kind as a user reads it: `list<string>`, `struct<name: string, age: integer>`. */
export function spell(kind: Kind): string {
  if (kind.name === "list") return `list<${spell(kind.item)}>`;
  if (kind.name === "struct") {
    return `struct<${[...kind.fields].map(([name, field]) => `${name}: ${spell(field)}`).join(", ")}>`;
  }
  return kind.name;
}

/** The kind of a single value. */
export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case "undefined":
      return scalar.null;
    case "string":
      return scalar.string;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? scalar.integer : scalar.number;
    case "boolean":
      return scalar.boolean;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? scalar.integer : long;
    case "object":
      return value === null ? scalar.null : kindOfObject(value);
    default:
      throw new DataError(
        `a ${typeof value} is not data; expected text, a number, a date, a list or a record`,
      );
  }
}

function kindOfObject(value: object): Kind {
  if (value instanceof Date) return scalar.timestamp;
  if (value instanceof Uint8Array) return scalar.binary;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const item = items.reduce<Kind>((kind, each) => mergeNested(kind, kindOf(each)), scalar.null);
    return holdsJson(item) ? scalar.json : { name: "list", item };
  }
  const entries = Object.entries(value);
  const fields = new Map(entries.map(([name, each]) => [name, kindOf(each)]));
  const plain =
    entries.length > 0 && ![...fields.keys()].some(isReserved) && ![...fields.values()].some(holdsJson);
  return plain ? { name: "struct", fields } : scalar.json;
}

/** Names that cannot be fields: one would change a record's prototype, the other is lost in Arrow files. */
export const isReserved = (name: string) => name === "__proto__" || name === "";

/** Inside a list or a record there is no error to raise: what does not fit is kept as JSON, whole. */
const holdsJson = (kind: Kind) => kind === scalar.json;
const mergeNested = (a: Kind, b: Kind) => merge(a, b) ?? scalar.json;

/** The kind that holds the values of both, or undefined where none does. */
export function merge(a: Kind, b: Kind): Kind | undefined {
  if (a === b || b === scalar.null) return a;
  if (a === scalar.null) return b;
  if (isNumeric(a) && isNumeric(b)) return a === long || b === long ? long : scalar.number;
  const nested = isNested(a) && isNested(b);
  if (!nested) return undefined;
  if (a.name === "list" && b.name === "list") {
    const item = mergeNested(a.item, b.item);
    return holdsJson(item) ? scalar.json : item === a.item ? a : { name: "list", item };
  }
  if (a.name === "struct" && b.name === "struct") return mergeStructs(a.fields, b.fields);
  return a.name === b.name || a === scalar.json || b === scalar.json ? scalar.json : undefined;
}

function mergeStructs(a: ReadonlyMap<string, Kind>, b: ReadonlyMap<string, Kind>): Kind {
  if (a.size !== b.size) return scalar.json;
  const fields = new Map<string, Kind>();
  for (const [name, kind] of a) {
    const other = b.get(name);
    const merged = other && mergeNested(kind, other);
    if (!merged || holdsJson(merged)) return scalar.json;
    fields.set(name, merged);
  }
  return { name: "struct", fields };
}

const isNumeric = (kind: Kind) => kind === scalar.integer || kind === scalar.number || kind === long;
const isNested = (kind: Kind) => kind.name === "list" || kind.name === "struct" || kind === scalar.json;

/** Where a value of a column stands, for the message of an error. */
export type Locate = (index: number) => { file?: string; row?: number; line?: number };

/**
 * The kind of a whole column, and a {@link DataError} at the first value that does not fit with those before.
 */
export function inferKind(values: ArrayLike<unknown>, column: string, locate: Locate = rowOnly): Kind {
  let kind: Kind = scalar.null;
  for (let index = 0; index < values.length; index++) {
    kind = extendKind(kind, values[index], column, locate, index);
  }
  return settle(kind);
}

/** The kind of a column so far, widened by one more value; to be {@link settle}d after the last. */
export function extendKind(kind: Kind, value: unknown, column: string, locate: Locate, index: number): Kind {
  let found: Kind;
  try {
    found = kindOf(value);
  } catch (error) {
    throw new DataError((error as Error).message, { ...locate(index), column });
  }
  const merged = merge(kind, found);
  if (!merged) {
    throw new DataError(
      `holds ${a(spell(found))} (${sketch(value)}) where the rows before hold ${a(spell(kind))}; ` +
        `mixed types are kept as text with types: { ${JSON.stringify(column)}: "string" }`,
      { ...locate(index), column },
    );
  }
  return merged;
}

/** The kind as it is stored. */
export function settle(kind: Kind): Kind {
  if (kind === long) return scalar.string;
  if (kind.name === "list") return { name: "list", item: settle(kind.item) };
  if (kind.name === "struct") {
    return {
      name: "struct",
      fields: new Map([...kind.fields].map(([name, field]) => [name, settle(field)])),
    };
  }
  return kind;
}

/** The place of a value where nothing but its row is known. */
export const rowOnly: Locate = (index) => ({ row: index + 1 });

/** A noun with its article. */
function a(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

/** The start of a value, for a message. */
export function sketch(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
