import type { LiteralValue } from "../signature/index.ts";

/**
 * Reads single values from text as models write them: in quotes, in bold, as code, with a full stop behind.
 * Each gives undefined where the text does not plainly say one value.
 */

/** A number in JSON's or Python's spelling. No units, no thousands: `1,234` may mean two numbers. */
export function readNumber(text: string): number | undefined {
  for (const form of forms(text)) {
    if (!/^[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(form)) continue;
    const value = Number(form.replaceAll("_", ""));
    return Number.isFinite(value) ? value : undefined;
  }
  return undefined;
}

/** A whole number that a double holds exactly. */
export function readInteger(text: string): number | undefined {
  const value = readNumber(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

const booleans = new Map<string, boolean>([
  ...["true", "yes", "y", "t", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "n", "f", "off", "0"].map((word) => [word, false] as const),
]);

/** A boolean, in the words Python's pydantic takes for one. */
export function readBoolean(text: string): boolean | undefined {
  return first(forms(text), (form) => booleans.get(form.toLowerCase()));
}

/** True for the words that stand for no value. */
export function saysNull(text: string): boolean {
  return forms(text).some((form) => form === "" || /^(?:null|none)$/i.test(form));
}

/**
 * The one of `values` that `value` is: exactly, or else the only one that differs in no more than case, quotes
 * and marks around it, or spaces, hyphens and underscores.
 */
export function readLiteral(values: readonly LiteralValue[], value: unknown): LiteralValue | undefined {
  if (values.includes(value as LiteralValue)) return value as LiteralValue;
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  const spelt = forms(spell(value));
  const exactly = first(spelt, (form) => values.find((candidate) => spell(candidate) === form));
  if (exactly !== undefined) return exactly;
  const loosely = first(spelt, (form) =>
    only(values.filter((candidate) => fold(spell(candidate)) === fold(form))),
  );
  if (loosely !== undefined) return loosely;
  const number = readNumber(spell(value));
  return number === undefined ? undefined : values.find((candidate) => candidate === number);
}

/** `text`, then the same with less and less of what models put around a value. */
function forms(text: string): string[] {
  const all = [text.trim()];
  // A value is short; a long text is none, however much is taken off.
  if (text.length > 2_000) return all;
  for (;;) {
    const form = all.at(-1)!;
    const bare = peel(form);
    if (bare === form || bare === "") return all;
    all.push(bare);
  }
}

function peel(text: string): string {
  const fenced = /^```\w*\s([^]*?)\s?```$/.exec(text) ?? /^(?:Literal|str)\[([^]*)\]$/.exec(text);
  if (fenced) return fenced[1]!.trim();
  const last = text.at(-1);
  if (text.length > 1 && last !== undefined) {
    const opener = text[0]!;
    if (`"'\`*_`.includes(opener) && last === opener) return text.slice(1, -1).trim();
    if ((opener === "“" && last === "”") || (opener === "‘" && last === "’")) return text.slice(1, -1).trim();
  }
  return text.replace(/[.,;:!]$/, "").trim();
}

/** As Python writes it, since that is how types are shown to a model. */
function spell(value: LiteralValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

function fold(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/g, " ");
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function first<T, R>(items: readonly T[], read: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = read(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
