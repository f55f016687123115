import { mapOrdered, type Progress } from "../../core/index.ts";
import type { Document } from "../document.ts";
import { embedEach } from "./embed-texts.ts";
import type { PartitionWriter } from "./partition-writer.ts";
import type { StoredRow } from "./partition-table.ts";
import { sameContent, type StoredDocument, storedDocuments } from "./stored-document.ts";

/** Documents that are embedded and written together. */
const batchSize = 512;

/** Batches that are embedded at once, while another is written. */
const batchesAtOnce = 2;

/** What a change did, counted in documents. */
export interface IndexChange {
  readonly added: number;
  /** Whose text or fields were other than before. */
  readonly updated: number;
  readonly deleted: number;
  /** Among them those that were read in another place, which is noted. */
  readonly unchanged: number;
  /** Texts of which vectors were made. Documents whose fields alone changed keep theirs. */
  readonly embedded: number;
  /** Documents that could not be embedded; what was stored under their ids stays. */
  readonly failed: number;
  /** Why, by document. */
  readonly failures: readonly { readonly id: string; readonly message: string }[];
  readonly seconds: number;
}

/** A change in the making. */
export type Counts = Record<Exclude<keyof IndexChange, "failures" | "seconds">, number> & {
  failures: { id: string; message: string }[];
};

/** Nothing done yet. */
export function noCounts(): Counts {
  return { added: 0, updated: 0, deleted: 0, unchanged: 0, embedded: 0, failed: 0, failures: [] };
}

/** How {@link putDocuments} works. */
export interface PutSettings {
  readonly embed: (texts: readonly string[]) => Promise<Float32Array[]>;
  /** True: documents that are not among those given are removed. */
  readonly only: boolean;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** Puts documents into a partition, embedding those alone whose text is new to it. */
export async function putDocuments(
  writer: PartitionWriter,
  documents: Iterable<Document> | AsyncIterable<Document>,
  { embed, only, progress, signal }: PutSettings,
): Promise<Counts> {
  const stored = await writer.keys();
  const others = new Set(only ? stored.keys() : []);
  const counts = noCounts();
  const embedBatch = async (batch: readonly StoredDocument[]) => {
    const wanted = batch.filter(({ id, textKey }) => stored.get(id)?.textKey !== textKey);
    const texts = wanted.map(({ text }) => text);
    const vectors = texts.length > 0 ? await embedEach(texts, embed) : [];
    return { batch, vectors: new Map(wanted.map(({ id }, index) => [id, vectors[index]!])) };
  };
  const embedded = mapOrdered(batches(storedDocuments(documents)), embedBatch, {
    concurrency: batchesAtOnce,
    signal,
  });
  for await (const { batch, vectors } of embedded) {
    const moved = batch.filter(
      ({ id, extraKey }) => !vectors.has(id) && stored.get(id)!.extraKey !== extraKey,
    );
    const kept = moved.length > 0 ? await writer.vectors(moved.map(({ id }) => id)) : undefined;
    const added: StoredRow[] = [];
    const replaced: StoredRow[] = [];
    for (const document of batch) {
      const { id } = document;
      others.delete(id);
      const vector = vectors.get(id) ?? kept?.get(id);
      if (vector instanceof Error) {
        counts.failures.push({ id, message: vector.message });
        continue;
      }
      const before = stored.get(id);
      if (vector) (before ? replaced : added).push({ ...document, vector });
      if (!before) counts.added++;
      else if (sameContent(before, document)) counts.unchanged++;
      else counts.updated++;
    }
    await writer.put(added, replaced);
    counts.failed = counts.failures.length;
    for (const vector of vectors.values()) if (!(vector instanceof Error)) counts.embedded++;
    progress.advance(batch.length, { embedded: counts.embedded });
  }
  await writer.remove([...others]);
  counts.deleted = others.size;
  return counts;
}

async function* batches(documents: AsyncIterable<StoredDocument>): AsyncGenerator<StoredDocument[], void> {
  let batch: StoredDocument[] = [];
  for await (const document of documents) {
    if (batch.push(document) < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
