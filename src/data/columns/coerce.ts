import { DataError } from "../../core/errors.ts";
import { type Kind, sketch, spell } from "./kind.ts";

const day = /^\d{4}-\d{2}-\d{2}$/;
const moment = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * `value` as a column of `kind` holds it, where a user (or an earlier row) named the kind. Text is read, anything
 * becomes text where text is asked for, and what does not fit is a {@link DataError}: nothing is guessed.
 */
export function coerce(value: unknown, kind: Kind): unknown {
  if (value === null || value === undefined) return null;
  switch (kind.name) {
    case "null":
      break;
    case "string":
      return asText(value);
    case "integer": {
      const number = asNumber(value);
      if (Number.isSafeInteger(number)) return number;
      break;
    }
    case "number": {
      const number = asNumber(value);
      if (number !== undefined) return number;
      break;
    }
    case "boolean": {
      if (typeof value === "boolean") return value;
      const word = typeof value === "string" ? value.toLowerCase() : "";
      if (word === "true") return true;
      if (word === "false") return false;
      break;
    }
    case "timestamp": {
      const date = asDate(value);
      if (date && !Number.isNaN(date.getTime())) return date;
      break;
    }
    case "binary":
      if (value instanceof Uint8Array) return value;
      if (typeof value === "string") return Buffer.from(value, "base64");
      break;
    case "json":
      return value;
    case "list":
      if (Array.isArray(value)) return value.map((item) => coerce(item, kind.item));
      break;
    case "struct":
      if (typeof value === "object" && [...kind.fields.keys()].length === Object.keys(value).length) {
        const record = value as Record<string, unknown>;
        return Object.fromEntries(
          [...kind.fields].map(([name, field]) => {
            if (!Object.hasOwn(record, name)) throw misfit(value, kind);
            return [name, coerce(record[name], field)];
          }),
        );
      }
      break;
  }
  throw misfit(value, kind);
}

function misfit(value: unknown, kind: Kind): DataError {
  return new DataError(`${sketch(value)} is not of type ${spell(kind)}`);
}

/** Any value as text: a string as it is, a date in ISO 8601, bytes in base64, anything nested as JSON. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "object") return JSON.stringify(value, jsonValue);
  // The same text, which V8 does not keep: it caches those of template strings until it collects all there is.
  if (Number.isFinite(value)) return JSON.stringify(value);
  return `${value as number | bigint | boolean}`;
}

/** For `JSON.stringify`: what JSON has no form of. A Buffer has a form of its own by now, hence `this`. */
export function jsonValue(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  const raw = (this as Record<string, unknown>)[key];
  return raw instanceof Uint8Array ? Buffer.from(raw).toString("base64") : value;
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (text === "NaN") return NaN;
  const number = text === "" ? NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

/** A time without a zone is read as UTC, so that a file means the same on every machine. */
function asDate(value: unknown): Date | undefined {
  if (value instanceof Date) return value;
  if (typeof value === "number") return new Date(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (day.test(text)) return new Date(text);
  const match = moment.exec(text);
  return match ? new Date(text.replace(" ", "T") + (match[3] ? "" : "Z")) : undefined;
}
