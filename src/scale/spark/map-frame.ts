import { DataError, startProgress } from "../../core/index.ts";
import type { LimitOptions } from "../../lm/gate.ts";
import { addedColumns, inputColumns, type Module } from "../../modules/index.ts";
import { sha256 } from "./artifacts.ts";
import { frameFingerprint } from "./frame-fingerprint.ts";
import type { SparkFrame } from "./frame.ts";
import type { SparkSession } from "./session.ts";
import { type ExecutorLimits, type SharedLimits, shareLimits } from "./share-limits.ts";
import { asLines, shipWorker, type ShippedWorker, workerError } from "./ship.ts";
import { SparkError } from "./spark-error.ts";
import { sparkType } from "./spark-type.ts";
import { quoted } from "./sql.ts";

/** How a program is run by Spark's executors. */
export interface SparkMapOptions {
  /** Column that tells rows apart. Default: one is added, `row_id`, made from the rows' content. */
  id?: string | undefined;
  /** Workers at once, one Node each. Default: as many as the cluster has cores for them. */
  partitions?: number | undefined;
  /** What all workers together may ask of the model; each has its part. Default: 16 calls at once for each. */
  limits?: LimitOptions | undefined;
  /** What the workers of each executor together may ask of it, beside `limits`. Default: no limit of their own. */
  executorLimits?: ExecutorLimits | undefined;
  /** Rows that are answered before they are safe: what a failure costs at most. Default 100,000. */
  checkpoint?: number | undefined;
  /** Name of the model. Default: `OPENAI_MODEL` where the executors run, or the only one that their endpoint serves. */
  model?: string | undefined;
  /** File that exports the program or its class; a lone `Predict` or `ChainOfThought` needs none. */
  module?: string | undefined;
  /** Packages of Node that are not shipped with the program, and must be on the executors. */
  leftOut?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

const columnOf = { id: "lmframe_id", bucket: "lmframe_bucket" };

/** What a map over frames works with. */
interface Job {
  spark: SparkSession;
  program: Module;
  worker: ShippedWorker;
  shared: SharedLimits;
  inputs: readonly string[];
  /** What each answer gives the result: its name there, its name in an answer, its type. */
  added: readonly { column: string; answer: string; type: string }[];
  options: SparkMapOptions;
}

/**
 * Runs a program on every row of a frame, on Spark's executors, and writes the rows with its outputs as a folder of
 * Parquet at `to`, a path as the cluster sees it. Beside the outputs and `error`, which `map` adds too, a row has
 * `seconds`, `input_tokens` and `output_tokens`. Order is not kept; `id` tells rows apart.
 *
 * The program goes to the executors as one file and is run by one Node a partition (`TRANSFORM … USING`). The model's
 * address, key and name are those of the executors' environment (`OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENAI_MODEL`);
 * nothing of them is in the file, the SQL, or what Spark logs.
 *
 * Rows are staged in `<to>.partial` and answered `checkpoint` at a time. Run again after a failure, what is there
 * counts and only the rest is asked for, and what was an outage; so a row is in the result once, however often it was
 * tried. What is staged is kept until no row is an outage, and counts for the same rows only: where any of them was
 * changed or added, the map begins anew.
 *
 * @returns the frame of what was written.
 * @throws DataError where columns are missing or `id` does not tell rows apart; ConfigurationError where the executors
 * lack Node, a model or a key; SparkError for what Spark refuses.
 */
export async function mapFrame(
  spark: SparkSession,
  program: Module,
  frame: SparkFrame,
  { to, ...options }: SparkMapOptions & { to: string },
): Promise<SparkFrame> {
  const { signal } = options;
  const job = await prepare(spark, program, frame, options);
  const rows = await frameFingerprint(spark, frame, signal);
  const work = `${to}.partial/${sha256(`${job.worker.fingerprint} ${rows} ${options.id ?? ""}`).slice(0, 16)}`;
  const buckets = (await stagedBuckets(spark, work)) ?? (await stage(job, frame, work));
  const total = sumOf(buckets);
  const progress = startProgress(`map ${program.constructor.name} on Spark`, total);
  const attempt = Date.now();
  try {
    const answered = await answeredRows(spark, `${work}/answers`);
    for (const [bucket, rows] of buckets) {
      const done = answered.get(bucket) ?? 0;
      progress.advance(done);
      if (done === rows) continue;
      await answerBucket(job, work, { bucket, attempt, fresh: done === 0 });
      progress.advance(rows - done);
    }
  } catch (error) {
    throw workerError(error);
  } finally {
    progress.end();
  }
  await (await assemble(job, work, total)).writeParquet(to, { mode: "overwrite", ...(signal && { signal }) });
  const outages = total - sumOf(await answeredRows(spark, `${work}/answers`));
  if (outages > 0) {
    process.emitWarning(
      `${outages} of ${total} rows in ${to} ended as outages; the same map run again asks for these alone`,
    );
    return spark.read.parquet(to);
  }
  const nothing = await spark.sql("SELECT 1 AS done WHERE false");
  await nothing.writeParquet(work, { mode: "overwrite" });
  return spark.read.parquet(to);
}

/** Runs a program on rows without keeping what is done: for tables that are soon asked again. */
export async function mapFrameOnce(
  spark: SparkSession,
  program: Module,
  frame: SparkFrame,
  options: SparkMapOptions & { id: string },
): Promise<SparkFrame> {
  const job = await prepare(spark, program, frame, options);
  const rows = await spark.sql(
    `SELECT *, CAST(${quoted(options.id)} AS STRING) AS ${columnOf.id} FROM rows`,
    {
      from: { rows: frame },
    },
  );
  const answers = await ask(job, rows);
  return await spark.sql(
    `SELECT ${columnOf.id} AS ${quoted(options.id)}, ${selected(job, "answer")} FROM answers`,
    { from: { answers } },
  );
}

async function prepare(
  spark: SparkSession,
  program: Module,
  frame: SparkFrame,
  options: SparkMapOptions,
): Promise<Job> {
  const columns = await frame.columns();
  const { id, partitions, limits = {}, executorLimits, model, module, leftOut } = options;
  if (id !== undefined && !columns.includes(id)) {
    throw new DataError(`the rows have no such column; they have ${columns.join(", ")}`, { column: id });
  }
  const inputs = inputColumns(program, columns);
  const names = addedColumns(program, columns).map(([column]) => column);
  const free = (name: string) =>
    columns.includes(name) || names.includes(name) ? `predicted_${name}` : name;
  const added = [
    ...program.signature.outputs.map(({ name, type }, at) => ({
      column: names[at]!,
      answer: `outputs.${quoted(name)}`,
      type: sparkType(type),
    })),
    { column: names.at(-1)!, answer: "error", type: "STRING" },
    { column: free("seconds"), answer: "seconds", type: "DOUBLE" },
    { column: free("input_tokens"), answer: "input_tokens", type: "BIGINT" },
    { column: free("output_tokens"), answer: "output_tokens", type: "BIGINT" },
  ];
  const worker = await shipWorker(spark, { program, module, leftOut }, model);
  const shared = shareLimits(limits, partitions ?? (await coresOf(spark)), executorLimits);
  return { spark, program, worker, shared, inputs, added, options };
}

/** How many tasks the cluster runs at once. */
async function coresOf(spark: SparkSession): Promise<number> {
  const counted = await spark.sql(
    "SELECT count(DISTINCT part) AS cores FROM (SELECT spark_partition_id() AS part FROM range(100000))",
  );
  return (await counted.toDataset({ limit: 1 })).at(0).cores as number;
}

/**
 * Writes the rows aside in buckets of about `checkpoint` rows, each row with what tells it apart, so that every later
 * run finds the same ones. What is written last says how many there are, so a half-written stage is none.
 */
async function stage(
  { spark, options: { id, checkpoint = 100_000, signal } }: Job,
  frame: SparkFrame,
  work: string,
): Promise<Map<number, number>> {
  const abort = signal && { signal };
  const rows = await frame.count({ ...abort });
  const count = Math.max(1, Math.ceil(rows / checkpoint));
  // Rows that are alike are numbered: which of them has which number makes no difference.
  const numbered =
    id === undefined
      ? `SELECT * EXCEPT (lmframe_hash), concat(lmframe_hash, '-', row_number() OVER (PARTITION BY lmframe_hash ORDER BY lmframe_hash)) AS ${columnOf.id}
         FROM (SELECT *, sha2(to_json(struct(*), map('ignoreNullFields', 'false')), 256) AS lmframe_hash FROM rows)`
      : `SELECT *, CAST(${quoted(id)} AS STRING) AS ${columnOf.id} FROM rows`;
  const bucketed = await spark.sql(
    `SELECT /*+ REPARTITION(${columnOf.bucket}) */ * FROM
     (SELECT *, CAST(pmod(xxhash64(${columnOf.id}), ${count}) AS INT) AS ${columnOf.bucket} FROM (${numbered}))`,
    { from: { rows: frame } },
  );
  await bucketed.writeParquet(`${work}/rows`, {
    mode: "overwrite",
    partitionBy: [columnOf.bucket],
    ...abort,
  });
  if (rows > 0) {
    const counted = await spark.sql(
      `SELECT ${columnOf.bucket} AS bucket, count(*) AS rows, count(DISTINCT ${columnOf.id}) AS different
       FROM rows GROUP BY ${columnOf.bucket} ORDER BY bucket`,
      { from: { rows: spark.read.parquet(`${work}/rows`) } },
    );
    await counted.writeParquet(`${work}/buckets`, { mode: "overwrite", ...abort });
  }
  const buckets = (await stagedBuckets(spark, work)) ?? new Map<number, number>();
  return buckets;
}

/** Rows by bucket, where they are staged. */
async function stagedBuckets(spark: SparkSession, work: string): Promise<Map<number, number> | undefined> {
  const found = await ifThere(() => spark.read.parquet(`${work}/buckets`).toDataset({ limit: Infinity }));
  if (!found) return undefined;
  const buckets = found.rows() as unknown as { bucket: number; rows: number; different: number }[];
  if (buckets.some(({ rows, different }) => rows !== different)) {
    throw new DataError("the column that is to tell rows apart has values that several rows share, or none");
  }
  return new Map(buckets.sort((a, b) => a.bucket - b.bucket).map(({ bucket, rows }) => [bucket, rows]));
}

/** Answered rows by bucket. */
async function answeredRows(spark: SparkSession, answers: string): Promise<Map<number, number>> {
  const counted = await ifThere(async () => {
    const frame = await spark.sql(
      `SELECT ${columnOf.bucket} AS bucket, count(DISTINCT ${columnOf.id}) AS rows FROM answers
       WHERE NOT outage GROUP BY ${columnOf.bucket}`,
      { from: { answers: spark.read.parquet(answers) } },
    );
    return await frame.toDataset({ limit: Infinity });
  });
  const rows = (counted?.rows() ?? []) as unknown as { bucket: number; rows: number }[];
  return new Map(rows.map(({ bucket, rows: count }) => [bucket, count]));
}

function sumOf(rowsByBucket: ReadonlyMap<number, number>): number {
  return [...rowsByBucket.values()].reduce((sum, rows) => sum + rows, 0);
}

/** What `read` gives, or undefined where nothing was written yet. */
async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const { errorClass = "" } = error instanceof SparkError ? error : {};
    if (/PATH_NOT_FOUND|UNABLE_TO_INFER_SCHEMA/.test(errorClass)) return undefined;
    throw error;
  }
}

/** Asks for the rows of one bucket that have no answer, and adds what comes to the answers. */
async function answerBucket(
  job: Job,
  work: string,
  { bucket, attempt, fresh }: { bucket: number; attempt: number; fresh: boolean },
): Promise<void> {
  const { spark, options } = job;
  const folder = `${columnOf.bucket}=${bucket}`;
  const rows = spark.read.parquet(`${work}/rows/${folder}`);
  const missing = fresh
    ? rows
    : await spark.sql(
        `SELECT rows.* FROM rows LEFT ANTI JOIN (SELECT ${columnOf.id} FROM answers WHERE NOT outage) answered
         ON rows.${columnOf.id} = answered.${columnOf.id}`,
        { from: { rows, answers: spark.read.parquet(`${work}/answers/${folder}`) } },
      );
  const answers = await spark.sql(`SELECT *, CAST(:attempt AS BIGINT) AS attempt FROM answers`, {
    from: { answers: await ask(job, missing) },
    values: { attempt },
  });
  await answers.writeParquet(`${work}/answers/${folder}`, {
    mode: "append",
    ...(options.signal && { signal: options.signal }),
  });
}

/** The answers to rows, worked out by workers when they are asked for. */
async function ask(
  { spark, worker, shared, inputs, program, options }: Job,
  rows: SparkFrame,
): Promise<SparkFrame> {
  const outputs = program.signature.outputs.map(({ name, type }) => `${quoted(name)}: ${sparkType(type)}`);
  const command = worker.command({
    limits: shared.each,
    ...(options.model !== undefined && { model: options.model }),
  });
  return await spark.sql(
    `SELECT answer.id AS ${columnOf.id}, answer.* EXCEPT (id) FROM (
       SELECT from_json(line, :schema, map('mode', 'FAILFAST')) AS answer FROM (
         SELECT TRANSFORM(line) ${asLines} USING ${command} AS (line STRING) ${asLines} FROM (
           SELECT /*+ REPARTITION(${shared.workers}, ${columnOf.id}) */
             to_json(struct(${columnOf.id} AS id, struct(${inputs.map(quoted).join(", ")}) AS inputs),
               map('ignoreNullFields', 'false')) AS line
           FROM rows)))`,
    {
      from: { rows },
      values: {
        schema: `id STRING, outputs STRUCT<${outputs.join(", ")}>, error STRING, outage BOOLEAN, seconds DOUBLE, input_tokens BIGINT, output_tokens BIGINT`,
      },
    },
  );
}

/** The columns of an answer under their names in the result. */
function selected({ added }: Job, table: "answer" | "none"): string {
  return added
    .map(
      ({ column, answer, type }) =>
        `${table === "none" ? `CAST(NULL AS ${type})` : answer} AS ${quoted(column)}`,
    )
    .join(", ");
}

/** The staged rows with their answers, of several the last. */
async function assemble(job: Job, work: string, total: number): Promise<SparkFrame> {
  const { spark, options } = job;
  const rows = spark.read.parquet(`${work}/rows`);
  const kept = `* EXCEPT (${columnOf.id}, ${columnOf.bucket})`;
  const own = options.id === undefined ? `, ${columnOf.id} AS row_id` : "";
  if (total === 0) {
    return await spark.sql(`SELECT ${kept}${own}, ${selected(job, "none")} FROM rows`, { from: { rows } });
  }
  const answers = spark.read.parquet(`${work}/answers`);
  const whole = await spark.sql(
    `SELECT ${kept.replace("*", "rows.*")}${own.replace(columnOf.id, `rows.${columnOf.id}`)}, latest.* EXCEPT (answer_id)
     FROM rows JOIN (
       SELECT ${columnOf.id} AS answer_id, ${selected(job, "answer")} FROM (
         SELECT *, row_number() OVER (PARTITION BY ${columnOf.id} ORDER BY outage, attempt DESC) AS place FROM answers)
       WHERE place = 1) latest
     ON rows.${columnOf.id} = latest.answer_id`,
    { from: { rows, answers } },
  );
  return whole;
}
