import { ConfigurationError } from "../../core/index.ts";
import type { Literal } from "./protocol.ts";

/** A value that stands beside a query, where `:name` refers to it. */
export type SqlValue = string | number | boolean | Date | null;

/** A name as SQL text that means this name and nothing else. */
export function quoted(name: string): string {
  if (name === "") throw new ConfigurationError("invalid name in SQL: it is empty");
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A text of ours as a literal of SQL. Values from outside go beside a query instead. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A value as the protocol spells it. */
export function literalOf(value: SqlValue): Literal {
  if (value === null) return { null: { null: {} } };
  if (value instanceof Date) return { timestamp: value.getTime() * 1000 };
  switch (typeof value) {
    case "string":
      return { string: value };
    case "boolean":
      return { boolean: value };
    default:
      return Number.isSafeInteger(value) ? { long: value } : { double: value };
  }
}
