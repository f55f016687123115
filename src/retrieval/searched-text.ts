import type { Passage } from "../modules/index.ts";

/**
 * What a search by words reads of a document: its text, and what its fields hold, for who asks of one aircraft or
 * part means those that are of it, wherever that is written.
 */
export function searchedText({ text, fields }: Pick<Passage, "text" | "fields">): string {
  const held = Object.values(fields).filter(
    (value) => typeof value === "string" || typeof value === "number",
  );
  return [text, ...held].join("\n");
}
