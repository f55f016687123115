import { ConfigurationError, DataError } from "../../core/index.ts";
import { Dataset } from "../../data/index.ts";
import { joined, readArrowStream } from "./arrow-rows.ts";
import type { Connection } from "./connection.ts";
import { execute, type ExecuteOptions } from "./execute.ts";
import { type Relation, saveMode, tableSaveMethod } from "./protocol.ts";

/** How a frame is written. */
export interface SparkWriteOptions {
  /** Where something is there already. Default `error`. */
  mode?: "error" | "append" | "overwrite";
  /** Columns whose values become folders. Default: none. */
  partitionBy?: readonly string[];
  signal?: AbortSignal;
}

/** How a table is written. */
export interface SparkTableOptions extends SparkWriteOptions {
  /** Default: the cluster's own (`parquet`, on Databricks `delta`). */
  format?: string;
}

/** A table on Spark: a plan that the cluster works out when rows are asked for, or written. Nothing is held here. */
export class SparkFrame {
  /** @internal */
  readonly relation: Relation;
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection, relation: Relation) {
    this.#connection = connection;
    this.relation = relation;
  }

  /** The columns' names. */
  async columns(): Promise<readonly string[]> {
    return (await this.limit(0).toDataset({ limit: 0 })).columns;
  }

  /** The first `count` rows, whichever the cluster finds first. */
  limit(count: number): SparkFrame {
    if (!(Number.isInteger(count) && count >= 0 && count < 2 ** 31)) {
      throw new ConfigurationError(`invalid limit: ${count} rows`);
    }
    return new SparkFrame(this.#connection, { limit: { input: this.relation, limit: count } });
  }

  /**
   * The rows, here in memory.
   *
   * `limit`: rows at most; needed, for a cluster's tables seldom fit. `Infinity` for all.
   */
  async toDataset({ limit, signal }: { limit: number; signal?: AbortSignal }): Promise<Dataset> {
    const frame = limit === Infinity ? this : this.limit(limit);
    const tables = [];
    for await (const { arrow_batch } of frame.#run("read rows", { signal })) {
      if (arrow_batch) tables.push(readArrowStream(arrow_batch.data));
    }
    return joined(tables);
  }

  /**
   * The rows in tables as the cluster gives them, some thousands at once. The server works ahead of its reader and
   * keeps what is not read yet: for what is larger than its memory, `writeParquet` is the way.
   */
  async *batches(options: { signal?: AbortSignal } = {}): AsyncGenerator<Dataset, void> {
    for await (const { arrow_batch } of this.#run("read rows", options)) {
      if (!arrow_batch) continue;
      const batch = joined([readArrowStream(arrow_batch.data)]);
      if (batch.length > 0) yield batch;
    }
  }

  /** How many rows there are, counted by the cluster. */
  async count(options: { signal?: AbortSignal } = {}): Promise<number> {
    const counted = new SparkFrame(
      this.#connection,
      query("SELECT count(*) AS rows FROM frame", { frame: this }),
    );
    return (await counted.toDataset({ limit: 1, ...options })).at(0).rows as number;
  }

  /** Writes a folder of Parquet files, at a path as the cluster sees it. */
  async writeParquet(path: string, options: SparkWriteOptions = {}): Promise<void> {
    await this.#write({ source: "parquet", path }, options);
  }

  /** Writes a table of the catalog: `catalog.schema.table`. */
  async writeTable(name: string, { format, ...options }: SparkTableOptions = {}): Promise<void> {
    const table = { table_name: name, save_method: tableSaveMethod.saveAsTable };
    await this.#write({ ...(format !== undefined && { source: format }), table }, options);
  }

  async #write(
    target: { source?: string; path?: string; table?: { table_name: string; save_method: number } },
    { mode = "error", partitionBy = [], signal }: SparkWriteOptions,
  ): Promise<void> {
    const write_operation = {
      input: this.relation,
      mode: saveMode[mode],
      partitioning_columns: partitionBy,
      options: {},
      ...target,
    };
    const where = target.path ?? target.table!.table_name;
    const doing = `write ${where}`;
    const run = execute(this.#connection, doing, { command: { write_operation } }, { signal, label: doing });
    for await (const _ of run); // a write gives no rows
  }

  #run(doing: string, options: ExecuteOptions) {
    return execute(this.#connection, doing, { root: this.relation }, options);
  }
}

/** A query over frames, each by a name of its own. */
export function query(
  text: string,
  from: Readonly<Record<string, SparkFrame>>,
  named_arguments: NonNullable<Relation["sql"]>["named_arguments"] = {},
): Relation {
  const root: Relation = { common: { plan_id: 0 }, sql: { query: text, named_arguments } };
  const references = Object.entries(from).map(([alias, frame]): Relation => {
    if (!/^[A-Za-z_]\w*$/.test(alias)) {
      throw new DataError(`invalid name of a frame in SQL: ${JSON.stringify(alias)}, expected a word`);
    }
    return { subquery_alias: { alias, input: frame.relation } };
  });
  return references.length === 0 ? root : { with_relations: { root, references } };
}
