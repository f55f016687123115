import { createHash } from "node:crypto";
import { type Column } from "./columns/column.ts";
import { jsonValue } from "./columns/coerce.ts";

const rowsAtOnce = 4096;

/** SHA-256 of columns by name and value. How values are stored, and the order of columns, leave no trace in it. */
export function fingerprintOf(columns: ReadonlyMap<string, Column>): string {
  const hash = createHash("sha256");
  for (const name of [...columns.keys()].sort()) {
    const { at, length } = columns.get(name)!;
    hash.update(`${JSON.stringify(name)}:${length}\n`);
    for (let start = 0; start < length; start += rowsAtOnce) {
      const values: unknown[] = [];
      for (let i = start; i < Math.min(length, start + rowsAtOnce); i++) values.push(at(i));
      hash.update(JSON.stringify(values, distinguish));
    }
  }
  return hash.digest("hex");
}

/** NaN and the infinities would all be null in JSON. */
function distinguish(this: unknown, key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value)
    ? `\u0000${value}`
    : jsonValue.call(this, key, value);
}
