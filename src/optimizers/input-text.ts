import type { AnySignature } from "../adapters/index.ts";

/** The inputs that a row or a call holds, as one text to embed. */
export function inputText({ inputs }: AnySignature, values: Readonly<Record<string, unknown>>): string {
  return inputs
    .map(({ name }) => values[name])
    .filter((value) => value !== undefined && value !== null)
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
    .join("\n");
}
