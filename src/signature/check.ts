import type { FieldType, LiteralValue } from "./field-type.ts";
import { typeName } from "./type-name.ts";
import { zodProblem } from "./zod.ts";

/**
 * What keeps `value` from being of `type`, and where: `at [2].name: expected int, found string 'x'`;
 * undefined when it is of the type. Nothing is coerced: `"1"` is no int, and a number must be finite.
 */
export function check(type: FieldType, value: unknown): string | undefined {
  return problem(type, value, "");
}

function problem(type: FieldType, value: unknown, path: string): string | undefined {
  const mismatch = (): string => `${at(path)}expected ${typeName(type)}, found ${describe(value)}`;
  switch (type.kind) {
    case "string":
    case "boolean":
      return typeof value === type.kind ? undefined : mismatch();
    case "integer":
      return Number.isInteger(value) ? undefined : mismatch();
    case "number":
      return Number.isFinite(value) ? undefined : mismatch();
    case "null":
      return value === null ? undefined : mismatch();
    case "any":
      return value === undefined ? mismatch() : undefined;
    case "literal":
      return type.values.includes(value as LiteralValue) ? undefined : mismatch();
    case "optional":
      return value === null ? undefined : problem(type.inner, value, path);
    case "union":
      return type.options.some((option) => problem(option, value, path) === undefined)
        ? undefined
        : mismatch();
    case "list":
      if (!Array.isArray(value)) return mismatch();
      // Not `map`: an array with holes must be found out too.
      return first(Array.from(value as unknown[]), (item, index) =>
        problem(type.item, item, `${path}[${index}]`),
      );
    case "record":
      if (!isObject(value)) return mismatch();
      return first(Object.entries(value), ([key, item]) => problem(type.value, item, path + step(key)));
    case "object": {
      if (!isObject(value)) return mismatch();
      const unknown = Object.keys(value).find((key) => !type.fields.some(({ name }) => name === key));
      if (unknown !== undefined) return `${at(path)}unexpected property '${unknown}' in ${typeName(type)}`;
      return first(type.fields, ({ name, type, optional }) => {
        const item: unknown = Object.hasOwn(value, name) ? value[name] : undefined;
        return optional && item === undefined ? undefined : problem(type, item, path + step(name));
      });
    }
    case "zod": {
      const found = zodProblem(type.schema, value);
      return (
        found &&
        at(path + found.path.map((key) => (typeof key === "number" ? `[${key}]` : step(key))).join("")) +
          found.message
      );
    }
    case "media":
      return isMedia(value)
        ? undefined
        : `${at(path)}expected ${typeName(type)}: an https: or data: address, or { data: Uint8Array, mediaType }; found ${describe(value)}`;
    case "history":
      return isObject(value) && Array.isArray(value.messages) && value.messages.every(isObject)
        ? undefined
        : `${at(path)}expected dspy.History: { messages: [{ field: value }] }; found ${describe(value)}`;
  }
}

function first<T>(
  items: readonly T[],
  test: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = test(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isMedia(value: unknown): boolean {
  if (typeof value === "string") return /^(https?:|data:)/i.test(value);
  if (typeof value !== "object" || value === null) return false;
  const { data, mediaType } = value as { data?: unknown; mediaType?: unknown };
  return ArrayBuffer.isView(data) && typeof mediaType === "string";
}

function at(path: string): string {
  return path === "" ? "" : `at ${path}: `;
}

function step(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** A value in a few words, for a message: `string 'x'`, `number 1.5`, `list of 3`, `nothing`. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return `string '${shorten(value)}'`;
  if (typeof value === "object") {
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty object" : `an object of ${shorten(keys.join(", "))}`;
  }
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return `${typeof value} ${String(value)}`;
  }
  return `a ${typeof value}`;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
