import { type TableLike, Dataset } from "../../data/index.ts";
import { readAddress } from "./address.ts";
import { addArtifact, cacheArtifact } from "./artifacts.ts";
import { arrowStreams } from "./arrow-rows.ts";
import { Connection } from "./connection.ts";
import { execute } from "./execute.ts";
import { query, SparkFrame } from "./frame.ts";
import type { Relation } from "./protocol.ts";
import { literalOf, type SqlValue } from "./sql.ts";

/** Options of {@link SparkSession.sql}. */
export interface SqlOptions {
  /** Values that the query refers to as `:name`. They never become part of its text. */
  values?: Readonly<Record<string, SqlValue>>;
  /** Frames that the query refers to as tables of these names. */
  from?: Readonly<Record<string, SparkFrame>>;
  signal?: AbortSignal;
}

/** Bytes of a table that go within a plan; a longer one is put into the session's cache first. */
const shortTable = 64 * 1024;

/**
 * Opens a session on a Spark Connect server (Spark 4.1 or later).
 *
 * ```ts
 * const spark = await connectSpark("sc://127.0.0.1:15002");
 * const tickets = spark.read.parquet("/data/tickets");
 * const urgent = await spark.sql("SELECT * FROM tickets WHERE priority > :least", { from: { tickets }, values: { least: 2 } });
 * (await urgent.toDataset({ limit: 100 })).rows();
 * await spark.close();
 * ```
 *
 * @param remote - address of the server, as Spark's own clients take it: `sc://host:port/;token=…;use_ssl=true`. Default:
 * `SPARK_REMOTE`, as theirs. A token is sent encrypted only, except on loopback.
 * @throws ConfigurationError for an invalid address; SparkError where the server cannot be reached or refuses.
 */
export async function connectSpark(
  remote: string | undefined = process.env.SPARK_REMOTE,
): Promise<SparkSession> {
  const connection = await Connection.open(readAddress(remote ?? ""));
  try {
    const answer = await connection.ask<{
      server_side_session_id?: string;
      spark_version?: { version?: string };
    }>("open a session", "AnalyzePlan", { spark_version: {} });
    connection.observe(answer.server_side_session_id);
    return new SparkSession(connection, answer.spark_version?.version ?? "");
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A session on Spark: its temporary views, files and settings are its own, and go with it. */
export class SparkSession {
  /** Of the server. */
  readonly version: string;
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection, version: string) {
    this.#connection = connection;
    this.version = version;
  }

  /** Files that the cluster sees, as frames. Nothing is read before rows are asked for. */
  readonly read = {
    /** Parquet: files, or folders of them. */
    parquet: (...paths: readonly string[]): SparkFrame => this.#files("parquet", paths, {}),
    /** JSON Lines. */
    json: (...paths: readonly string[]): SparkFrame => this.#files("json", paths, {}),
    /** CSV with a header; types are inferred, and quotes within a quoted cell are doubled as in RFC 4180. */
    csv: (...paths: readonly string[]): SparkFrame =>
      this.#files("csv", paths, { header: "true", inferSchema: "true", multiLine: "true", escape: '"' }),
    /** Any source that the cluster knows, such as `delta`. */
    format: (
      format: string,
      paths: readonly string[],
      options: Readonly<Record<string, string>> = {},
    ): SparkFrame => this.#files(format, paths, options),
  };

  /** A table or view of the catalog, by its name in SQL: `catalog.schema.table`. */
  table(name: string): SparkFrame {
    return this.#frame({ read: { named_table: { unparsed_identifier: name } } });
  }

  /** Runs a statement at once, where it does something (`CREATE TABLE …`), and gives the frame of what it selects. */
  async sql(text: string, { values = {}, from = {}, signal }: SqlOptions = {}): Promise<SparkFrame> {
    const literals = Object.entries(values).map(
      ([name, value]) => [name, { literal: literalOf(value) }] as const,
    );
    const input = query(text, from, Object.fromEntries(literals));
    let result: Relation | undefined;
    const run = execute(
      this.#connection,
      "run the statement",
      { command: { sql_command: { input } } },
      { signal },
    );
    for await (const { sql_command_result } of run) result = sql_command_result?.relation ?? result;
    return this.#frame(result ?? input);
  }

  /** Puts a table into the session, as Arrow; what the session has already is not sent again. */
  async upload<R extends object>(data: TableLike<R>): Promise<SparkFrame> {
    const [first, ...others] = arrowStreams(Dataset.from(data) as Dataset<object>);
    if (others.length === 0 && first!.length <= shortTable) {
      return this.#frame({ local_relation: { data: first! } });
    }
    const dataHashes: string[] = [];
    for (const bytes of [first!, ...others]) dataHashes.push(await cacheArtifact(this.#connection, bytes));
    return this.#frame({ chunked_cached_local_relation: { dataHashes } });
  }

  /** Gives a file to the session; executors find it under `name` in the working folder of what they start. */
  async addFile(name: string, content: Uint8Array | string): Promise<void> {
    await addArtifact(this.#connection, `files/${name}`, Buffer.from(content as Uint8Array));
  }

  /** Ends the session, with all that it holds on the server. */
  async close(): Promise<void> {
    await this.#connection.ask("end the session", "ReleaseSession", {}).catch(() => undefined);
    this.#connection.close();
  }

  #files(format: string, paths: readonly string[], options: Readonly<Record<string, string>>): SparkFrame {
    return this.#frame({ read: { data_source: { format, paths, options } } });
  }

  #frame(relation: Relation): SparkFrame {
    return new SparkFrame(this.#connection, relation);
  }
}

/** What a path (`/data/new.parquet`, `s3://…/tickets`) or a table's name (`main.support.tickets`) names on a cluster. */
export function frameAt(spark: SparkSession, name: string): SparkFrame {
  if (/\.csv$/i.test(name)) return spark.read.csv(name);
  if (/\.(jsonl?|ndjson)$/i.test(name)) return spark.read.json(name);
  return /[/\\]|\.parquet$/i.test(name) ? spark.read.parquet(name) : spark.table(name);
}
