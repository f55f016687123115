import type { Connection, Table } from "@lancedb/lancedb";
import { literals } from "./filter-sql.ts";
import type { Lance } from "./lance.ts";
import { type PartitionEntry, tableName } from "./manifest.ts";
import { partitionRows, partitionSchema, type StoredRow, withFieldsOf } from "./partition-table.ts";
import { refreshIndexes } from "./table-indexes.ts";

/** Ids in one statement. */
const idsAtOnce = 1000;

/** What of a stored document tells whether it changed. */
export interface Keys {
  readonly textKey: string;
  readonly extraKey: string;
}

/**
 * Changes one partition, in as many versions of its table as it takes. None of them counts before the manifest holds
 * the entry that {@link publish} gives. For one writer at a time.
 */
export class PartitionWriter {
  readonly #lance: Lance;
  readonly #database: Connection;
  readonly #groups: readonly string[];
  #fields: PartitionEntry["fields"];
  #table: Table | undefined;
  #changed = 0;
  #dimension: number | undefined;

  private constructor(
    lance: Lance,
    database: Connection,
    groups: readonly string[],
    fields: PartitionEntry["fields"],
    table: Table | undefined,
  ) {
    this.#lance = lance;
    this.#database = database;
    this.#groups = groups;
    this.#fields = fields;
    this.#table = table;
  }

  /** Opens the partition of these groups as the manifest has it; what a writer left that was killed is taken back. */
  static async open(
    lance: Lance,
    database: Connection,
    groups: readonly string[],
    entry: PartitionEntry | undefined,
  ): Promise<PartitionWriter> {
    if (!entry) return new PartitionWriter(lance, database, groups, [], undefined);
    const table = await database.openTable(entry.table);
    if ((await table.version()) !== entry.version) {
      await table.checkout(entry.version);
      await table.restore();
    }
    return new PartitionWriter(lance, database, groups, entry.fields, table);
  }

  /** How many documents were put or removed. */
  get changed(): number {
    return this.#changed;
  }

  /** Of the vectors that were put; undefined before the first. */
  get dimension(): number | undefined {
    return this.#dimension;
  }

  /** The keys of all documents, by id. */
  async keys(): Promise<Map<string, Keys>> {
    const keys = new Map<string, Keys>();
    if (!this.#table) return keys;
    for await (const batch of this.#table.query().select(["id", "text_key", "extra_key"])) {
      const [ids, textKeys, extraKeys] = ["id", "text_key", "extra_key"].map((name) => batch.getChild(name)!);
      for (let row = 0; row < batch.numRows; row++) {
        const textKey = textKeys!.get(row) as string;
        keys.set(ids!.get(row) as string, { textKey, extraKey: extraKeys!.get(row) as string });
      }
    }
    return keys;
  }

  /** The vectors of documents that are stored, by id. */
  async vectors(ids: readonly string[]): Promise<Map<string, Float32Array>> {
    const vectors = new Map<string, Float32Array>();
    for (const some of parts(ids)) {
      const query = this.#table!.query()
        .where(`id IN (${literals(some)})`)
        .select(["id", "vector"]);
      for (const row of (await query.toArray()) as { id: string; vector: Iterable<number> }[]) {
        vectors.set(row.id, Float32Array.from(row.vector));
      }
    }
    return vectors;
  }

  /** Puts documents: `added` have ids that the partition does not hold, `replaced` have ids that it does. */
  async put(added: readonly StoredRow[], replaced: readonly StoredRow[]): Promise<void> {
    const dimension = [...added, ...replaced][0]?.vector.length;
    if (dimension === undefined) return;
    this.#dimension = dimension;
    const fields = withFieldsOf(withFieldsOf(this.#fields, added), replaced);
    const table = (this.#table ??= await this.#database.createEmptyTable(
      tableName(this.#groups),
      partitionSchema(this.#lance, dimension, []),
      // What stands there under this name was never in the manifest: its writer was killed.
      { mode: "overwrite" },
    ));
    const columns = fields.slice(this.#fields.length).map(({ column, type }) => ({
      name: column,
      valueSql: `cast(NULL AS ${{ string: "string", number: "double", boolean: "boolean" }[type]})`,
    }));
    if (columns.length > 0) await table.addColumns(columns);
    this.#fields = fields;
    if (added.length > 0) await table.add(partitionRows(this.#lance, dimension, fields, added));
    if (replaced.length > 0) {
      const rows = partitionRows(this.#lance, dimension, fields, replaced);
      await table.mergeInsert("id").whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows);
    }
    this.#changed += added.length + replaced.length;
  }

  /** Removes documents that are stored. */
  async remove(ids: readonly string[]): Promise<void> {
    for (const some of parts(ids)) await this.#table!.delete(`id IN (${literals(some)})`);
    this.#changed += ids.length;
  }

  /** Writes the files of the table anew without what is no longer in them, and its indexes. */
  async compact(): Promise<void> {
    // Earlier versions stay: the manifest still holds one of them.
    await this.#table!.optimize({ cleanupOlderThan: new Date(0) });
    this.#changed = await this.#table!.countRows();
  }

  /**
   * Removes the versions before the one of `entry`, once that is in the manifest, and gives the entry that may take
   * its place: removing makes a version too.
   */
  async forgetBefore(entry: PartitionEntry): Promise<PartitionEntry> {
    const versions = await this.#table!.listVersions();
    const { timestamp } = versions.find(({ version }) => version === entry.version)!;
    // No other writer is at work, so that no file is one that is yet to be of use.
    await this.#table!.optimize({ cleanupOlderThan: timestamp, deleteUnverified: true });
    return { ...entry, version: await this.#table!.version() };
  }

  /** Brings the indexes up to date and gives the entry for the manifest. For a partition that something was put into. */
  async publish(): Promise<PartitionEntry> {
    await refreshIndexes(this.#lance, this.#table!, this.#changed);
    const version = await this.#table!.version();
    return { groups: this.#groups, table: tableName(this.#groups), version, fields: this.#fields };
  }
}

function* parts(ids: readonly string[]): Generator<readonly string[], void> {
  for (let start = 0; start < ids.length; start += idsAtOnce) yield ids.slice(start, start + idsAtOnce);
}
