/** Deeper members and further entries are left out, so that no value can blow up a table or a trace. */
const limits = { depth: 12, entries: 10_000 };

/**
 * `value` as plain JSON: dates as ISO text, big integers as numbers where exact and else as text, maps as
 * objects, sets and typed arrays as arrays, errors as name and message, what is not finite as null; functions
 * and cycles are named. Never throws.
 */
export function plain(value: unknown): unknown {
  return convert(value, 0, new Set());
}

/** JSON text of `value`, at most `length` characters: longer text becomes a JSON string of its beginning. */
export function plainText(value: unknown, length: number): string {
  const text = JSON.stringify(plain(value) ?? null);
  return text.length <= length ? text : JSON.stringify(`${text.slice(0, Math.floor(length / 2))}…`);
}

function convert(value: unknown, depth: number, above: Set<object>): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "function":
      return `[function ${value.name || "anonymous"}]`;
    case "symbol":
      return String(value);
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (above.has(value)) return "[cycle]";
  if (depth >= limits.depth) return "[deeper]";
  const within = new Set(above).add(value);
  try {
    return convertObject(value, (member) => convert(member, depth + 1, within));
  } catch (error) {
    return `[unreadable: ${String(error)}]`;
  }
}

function convertObject(value: object, inner: (member: unknown) => unknown): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof URL || value instanceof RegExp) return String(value);
  if (value instanceof Map) return members(value, (name) => String(name), inner);
  if (value instanceof Set) return elements(value, inner);
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return elements(value, inner);
  if (ArrayBuffer.isView(value)) return elements(value as unknown as Iterable<unknown>, inner);
  if ("toJSON" in value && typeof value.toJSON === "function")
    return inner((value as { toJSON(): unknown }).toJSON());
  return members(Object.entries(value), (name) => name as string, inner);
}

function elements(values: Iterable<unknown>, inner: (member: unknown) => unknown): unknown[] {
  const result: unknown[] = [];
  for (const value of values) {
    if (result.length >= limits.entries) {
      result.push("[more]");
      break;
    }
    result.push(inner(value) ?? null);
  }
  return result;
}

function members(
  entries: Iterable<readonly [unknown, unknown]>,
  spell: (name: unknown) => string,
  inner: (member: unknown) => unknown,
): Record<string, unknown> {
  const result: [string, unknown][] = [];
  for (const [name, member] of entries) {
    if (result.length >= limits.entries) break;
    const converted = inner(member);
    if (converted !== undefined) result.push([spell(name), converted]);
  }
  return Object.fromEntries(result);
}
