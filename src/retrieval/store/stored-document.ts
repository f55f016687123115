import { createHash } from "node:crypto";
import { DataError } from "../../core/index.ts";
import type { Source } from "../../modules/index.ts";
import type { Document } from "../document.ts";

/** A value of a document's field. */
export type FieldValue = string | number | boolean | null;

/** What a document holds beside its id and text. */
export interface Extra {
  readonly source: Source;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** A document as a partition stores it. */
export interface StoredDocument extends Extra {
  readonly id: string;
  readonly text: string;
  /** `source` and `fields` as JSON. */
  readonly extra: string;
  /** Hash of what the vector depends on. */
  readonly textKey: string;
  /** Hash of the fields, then of the source. */
  readonly extraKey: string;
}

/** True where both say the same of the same; they may have been read in different places. */
export function sameContent(a: Keys, b: Keys): boolean {
  return a.textKey === b.textKey && a.extraKey.slice(0, hashLength) === b.extraKey.slice(0, hashLength);
}

type Keys = Pick<StoredDocument, "textKey" | "extraKey">;

const hashLength = 22;

/**
 * Reads documents as they come, in the form they are stored in.
 *
 * @throws DataError, with its place, for what is no document, and for a second one with an id.
 */
export async function* storedDocuments(
  documents: Iterable<Document> | AsyncIterable<Document>,
): AsyncGenerator<StoredDocument, void> {
  const places = new Map<string, number>();
  let place = 0;
  for await (const document of documents) {
    const stored = read(document, ++place);
    const first = places.get(stored.id);
    if (first !== undefined) {
      throw new DataError(
        `documents ${first} and ${place} have the same id ${JSON.stringify(stored.id)}; nothing was changed`,
        document.source,
      );
    }
    places.set(stored.id, place);
    yield stored;
  }
}

function read(document: Document, place: number): StoredDocument {
  const { id, text, source = {}, fields = {} } = document;
  if (typeof id !== "string" || id === "") {
    throw new DataError(`document ${place} has no id: ${JSON.stringify(id)}; expected a text`, source);
  }
  if (typeof text !== "string") {
    throw new DataError(
      `document ${place} (${JSON.stringify(id)}) has no text: ${JSON.stringify(text)}`,
      source,
    );
  }
  const values = Object.entries(fields).map(([name, value]) => [
    wellFormed(name),
    readField(value, name, place),
  ]);
  const { file, page, row } = source;
  const kept: Extra = { source: { file, page, row }, fields: Object.fromEntries(values) as Extra["fields"] };
  const extra = JSON.stringify(kept);
  const stored = { id: wellFormed(id), text: wellFormed(text) };
  const extraKey = hash(JSON.stringify(kept.fields)) + hash(JSON.stringify(kept.source));
  return { ...stored, ...kept, extra, textKey: hash(stored.text), extraKey };
}

function readField(value: unknown, name: string, place: number): FieldValue {
  if (typeof value === "string") return wellFormed(value);
  if (value === null || value === undefined || typeof value === "boolean") return value ?? null;
  // 0 and -0 are the same to who filters, and not to Arrow.
  if (typeof value === "number") return Number.isFinite(value) ? value || 0 : null;
  throw new DataError(
    `document ${place} holds ${Array.isArray(value) ? "a list" : typeof value} in a field; ` +
      "expected a text, a number, true, false or null",
    { column: name },
  );
}

/** Text as it comes back from a file: half of a surrogate pair cannot be stored. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, hashLength);
}
