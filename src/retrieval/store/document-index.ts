import { join } from "node:path";
import type { Connection } from "@lancedb/lancedb";
import { ConfigurationError, nearest, startProgress, traced } from "../../core/index.ts";
import {
  type Passage,
  type Principal,
  type Retriever,
  type SearchOptions,
  withCallSettings,
} from "../../modules/index.ts";
import { withLock } from "../../services/lock.ts";
import { accessSet, maySee, principalInForce } from "../access/access-set.ts";
import { type AuditEntry, audited } from "../access/audit.ts";
import type { Document } from "../document.ts";
import type { Embedder } from "../embedders/index.ts";
import { embedTexts } from "./embed-texts.ts";
import { lance } from "./lance.ts";
import { type Manifest, type PartitionEntry, readManifest, replaceManifest, tableName } from "./manifest.ts";
import { PartitionReader } from "./partition-reader.ts";
import { PartitionWriter } from "./partition-writer.ts";
import { folderOf, type IndexPlace, indexNames, makeFolder } from "./place.ts";
import { type Counts, type IndexChange, noCounts, putDocuments } from "./put-documents.ts";
import { checkSearch, searchPartitions } from "./search-partitions.ts";

/** How an index is made or opened. */
export interface IndexOptions extends IndexPlace {
  /**
   * Makes the vectors. Default: for a new index `sentenceEmbedder()`, and for one that is there the built-in one it
   * was made with; they need no server and no key.
   */
  readonly embedder?: Embedder | undefined;
}

/** Documents, in any order. A list, or made as they are taken: memory stays flat. */
export type Documents = Iterable<Document> | AsyncIterable<Document>;

/** Whom documents belong to. */
export interface GroupOptions {
  /** Groups whose members may see the documents; at least one. */
  readonly groups: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Documents on this machine that can be searched by meaning, by words, or both.
 *
 * ```ts
 * const logbook = await Index.ensure("logbook");
 * await logbook.sync(documents, { groups: ["mechanics"] });
 * await logbook.search("rough engine", { principal: { id: "ana", groups: ["mechanics"] } });
 * ```
 *
 * Documents belong to groups, and who searches sees those of their groups. The documents of each exact set of groups
 * are a partition with statistics and indexes of its own, and a search opens the partitions it may see and no other:
 * scores, ranks, counts and errors are what they would be if the others were not there. Each of them costs a search
 * some milliseconds, so groups are for those who read together, not for tagging.
 *
 * A document is named by its id among those of the same groups. Each change is made as a whole or not at all,
 * whenever it is killed; changes wait for each other, searches for none.
 */
export class Index implements Retriever {
  readonly name: string;
  readonly embedder: Embedder;
  readonly #folder: string;
  readonly #readers = new Map<string, PartitionReader>();
  #database: Promise<Connection> | undefined;

  private constructor(name: string, folder: string, embedder: Embedder) {
    this.name = name;
    this.#folder = folder;
    this.embedder = embedder;
  }

  /** Makes an index. Throws ConfigurationError where there is one of that name. */
  static async create(name: string, options: IndexOptions = {}): Promise<Index> {
    const folder = await makeFolder(name, options);
    const embedder = await embedderOf(options);
    await withLock(lockIn(folder), async () => {
      if (await readManifest(folder)) {
        throw new ConfigurationError(
          `there is an index "${name}" already. Open it: Index.open("${name}"), or remove ${folder}`,
        );
      }
      await replaceManifest(folder, emptyManifest(embedder));
    });
    return new Index(name, folder, embedder);
  }

  /** Opens an index. Throws ConfigurationError where there is none, or it was made with another embedder. */
  static async open(name: string, options: IndexOptions = {}): Promise<Index> {
    const folder = folderOf(name, options);
    const manifest = await readManifest(folder);
    if (!manifest) {
      const near = nearest(name, await indexNames(options));
      throw new ConfigurationError(
        `there is no index "${name}"${near === undefined ? "" : `; did you mean "${near}"?`} ` +
          `Make it: Index.create("${name}"), or \`lmframe index FILE --to ${name} --group GROUP\``,
      );
    }
    const index = new Index(name, folder, await embedderOf(options, manifest));
    await index.#manifest();
    return index;
  }

  /** Opens an index, and makes it first where there is none. */
  static async ensure(name: string, options: IndexOptions = {}): Promise<Index> {
    const folder = await makeFolder(name, options);
    await withLock(lockIn(folder), async () => {
      if (!(await readManifest(folder)))
        await replaceManifest(folder, emptyManifest(await embedderOf(options)));
    });
    return Index.open(name, options);
  }

  /** The names of the indexes there are, in order. */
  static names(place: IndexPlace = {}): Promise<string[]> {
    return indexNames(place);
  }

  /**
   * Puts documents: new ones are added, those whose id is there take its place. Only texts that are new or changed
   * are embedded.
   *
   * @throws DataError for two documents of one id or one that is none, ConfigurationError without a group, and what
   * the embedder throws; then nothing was changed.
   */
  upsert(documents: Documents, options: GroupOptions): Promise<IndexChange> {
    return this.#put("upsert", documents, options, false);
  }

  /** Puts documents into the groups of whoever uploads them, as {@link Index.upsert} does. */
  async upload(
    documents: Documents,
    principal: Principal,
    options: Pick<GroupOptions, "signal"> = {},
  ): Promise<IndexChange> {
    const uploader = principalInForce(principal);
    const { id, groups } = uploader;
    return withCallSettings({ principal: uploader }, () =>
      this.#put("upload", documents, { ...options, groups }, false, { id, groups }),
    );
  }

  /**
   * Has these groups hold exactly these documents, as {@link Index.upsert} puts them; their others are deleted.
   * Documents of other sets of groups stay.
   */
  sync(documents: Documents, options: GroupOptions): Promise<IndexChange> {
    return this.#put("sync", documents, options, true);
  }

  /** Deletes the documents of these groups that have one of the ids; ids that none has are passed over. */
  delete(ids: Iterable<string>, { groups }: Pick<GroupOptions, "groups">): Promise<IndexChange> {
    return this.#change({ action: "delete" }, groups, async (writer) => {
      const stored = await writer.keys();
      const found = [...new Set(ids)].filter((id) => stored.has(id));
      await writer.remove(found);
      return { ...noCounts(), deleted: found.length };
    });
  }

  /**
   * Writes the files anew without what was deleted or replaced, and brings the indexes of words and vectors up to
   * date. To be called now and then where small changes are many; what a search finds stays the same.
   */
  async compact(): Promise<void> {
    await audited(
      this.#folder,
      { action: "compact" },
      () => this.#locked((manifest) => this.#compact(manifest)),
      () => ({}),
    );
  }

  /** How many documents a principal sees. */
  async count(principal?: Principal): Promise<number> {
    const who = principalInForce(principal);
    return this.#read(who, async (partitions) => {
      const counts = await Promise.all(partitions.map((partition) => partition.count()));
      return counts.reduce((sum, count) => sum + count, 0);
    });
  }

  /**
   * The passages that fit best among those the principal sees, best first; none where they see none.
   *
   * `score` is the cosine for `vector`, BM25 for `text`, and for `hybrid` the reciprocal rank fusion of both
   * rankings; BM25 takes its statistics from each set of groups by itself. Every passage has its `similarity` but in
   * `text`, which embeds nothing. Each search is a line in the audit.
   *
   * @throws ConfigurationError without a principal, and for an invalid mode, `k` or filter.
   */
  async search(query: string, options: SearchOptions = {}): Promise<Passage[]> {
    const principal = principalInForce(options.principal);
    const wanted = checkSearch(query, options);
    const { k, mode } = wanted;
    const { id, groups } = principal;
    const line: AuditEntry = { action: "search", principal: { id, groups }, mode, k, query };
    const find = () =>
      this.#read(principal, (partitions, { dimension }) => {
        const embed = async () => {
          const [vector] = await embedTexts(this.embedder, [query], dimension ?? undefined, wanted.signal);
          return vector!;
        };
        return searchPartitions(partitions, wanted, embed);
      });
    // What is embedded is embedded on behalf of who searches, whoever calls.
    return withCallSettings({ principal }, () =>
      traced("retriever", this.name, { query, k, mode, filter: wanted.filter }, async (span) => {
        if (span) span.attributes.principal = id;
        return audited(this.#folder, line, find, (passages) => ({ hits: passages.length }));
      }),
    );
  }

  #put(
    action: AuditEntry["action"],
    documents: Documents,
    { groups, signal }: GroupOptions,
    only: boolean,
    principal?: Principal,
  ): Promise<IndexChange> {
    const total = Array.isArray(documents) ? documents.length : undefined;
    return this.#change({ action, principal }, groups, async (writer, manifest) => {
      let dimension = manifest.dimension ?? undefined;
      const embed = async (texts: readonly string[]) => {
        const vectors = await embedTexts(this.embedder, texts, dimension, signal);
        dimension ??= vectors[0]?.length;
        return vectors;
      };
      const progress = startProgress(`indexing ${this.name}`, total);
      try {
        return await putDocuments(writer, documents, { embed, only, progress, signal });
      } finally {
        progress.end();
      }
    });
  }

  /** Changes the partition of these groups under the lock; the manifest that is written last makes it count. */
  async #change(
    entry: AuditEntry,
    given: Iterable<string>,
    body: (writer: PartitionWriter, manifest: Manifest) => Promise<Counts>,
  ): Promise<IndexChange> {
    const groups = accessSet(given);
    const started = performance.now();
    const change = () =>
      this.#locked(async (manifest) => {
        const name = tableName(groups);
        const before = manifest.partitions.find(({ table }) => table === name);
        const writer = await PartitionWriter.open(lance(), await this.#connect(), groups, before);
        const counts = await body(writer, manifest);
        if (writer.changed > 0) {
          const published = await writer.publish();
          const others = manifest.partitions.filter((partition) => partition !== before);
          await replaceManifest(this.#folder, {
            ...manifest,
            revision: manifest.revision + 1,
            dimension: writer.dimension ?? manifest.dimension,
            partitions: [...others, published],
          });
        }
        return counts;
      });
    const counts = await audited(
      this.#folder,
      { ...entry, groups },
      change,
      ({ failures: _, ...changes }) => ({
        changes,
      }),
    );
    return { ...counts, seconds: (performance.now() - started) / 1000 };
  }

  async #compact(manifest: Manifest): Promise<void> {
    const database = await this.#connect();
    const publish = async (revision: number, partitions: readonly PartitionEntry[]) =>
      replaceManifest(this.#folder, { ...manifest, revision, partitions });
    const compacted: { writer: PartitionWriter; entry: PartitionEntry }[] = [];
    for (const before of manifest.partitions) {
      const writer = await PartitionWriter.open(lance(), database, before.groups, before);
      await writer.compact();
      compacted.push({ writer, entry: await writer.publish() });
    }
    await publish(
      manifest.revision + 1,
      compacted.map(({ entry }) => entry),
    );
    const kept: PartitionEntry[] = [];
    for (const { writer, entry } of compacted) kept.push(await writer.forgetBefore(entry));
    await publish(manifest.revision + 2, kept);
  }

  #locked<T>(body: (manifest: Manifest) => Promise<T>): Promise<T> {
    return withLock(lockIn(this.#folder), async () => body(await this.#manifest()));
  }

  /**
   * Reads what the principal sees, as of one revision. A compaction may remove that revision meanwhile, in this
   * process or another; then what the next one holds is read.
   */
  async #read<T>(
    principal: Principal,
    body: (partitions: readonly PartitionReader[], manifest: Manifest) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const manifest = await this.#manifest();
      try {
        const visible = manifest.partitions.filter(({ groups }) => maySee(principal, groups));
        return await body(await Promise.all(visible.map((entry) => this.#reader(entry))), manifest);
      } catch (error) {
        if ((await this.#manifest()).revision === manifest.revision) throw error;
      }
    }
  }

  async #reader(entry: PartitionEntry): Promise<PartitionReader> {
    const known = this.#readers.get(entry.table);
    if (known?.entry.version === entry.version) return known;
    const database = await this.#connect();
    const table = await database.openTable(entry.table, [], { version: entry.version });
    const reader = new PartitionReader(lance(), table, entry);
    this.#readers.set(entry.table, reader);
    return reader;
  }

  #connect(): Promise<Connection> {
    this.#database ??= lance().db.connect(join(this.#folder, "tables"));
    return this.#database;
  }

  /** What the index holds now. Throws ConfigurationError where it was removed, or is one of another embedder. */
  async #manifest(): Promise<Manifest> {
    const manifest = await readManifest(this.#folder);
    if (!manifest) throw new ConfigurationError(`the index "${this.name}" is no longer in ${this.#folder}`);
    const { name, identity } = manifest.embedder;
    if (identity !== this.embedder.identity) {
      throw new ConfigurationError(
        `the index "${this.name}" was made with the embedder ${name} (${identity}), and this is ` +
          `${this.embedder.name} (${this.embedder.identity}). Open it with that one, or make a new index.`,
      );
    }
    return manifest;
  }
}

const lockIn = (folder: string) => join(folder, "writer.lock");

function emptyManifest({ name, identity }: Embedder): Manifest {
  return { format: 1, revision: 0, embedder: { name, identity }, dimension: null, partitions: [] };
}

/** Loaded on use: an index with an embedder of its own needs no built-in one. */
async function embedderOf({ embedder }: IndexOptions, manifest?: Manifest): Promise<Embedder> {
  return embedder ?? (await import("../embedders/built-in.ts")).builtInEmbedder(manifest?.embedder.identity);
}
