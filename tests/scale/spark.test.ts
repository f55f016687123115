import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeRepairs } from "../../bench/code-repairs.ts";
import { Dataset } from "../../src/index.ts";
import { showProgress, type ProgressState } from "../../src/core/index.ts";
import {
  connectSpark,
  repairFrame,
  repairRows,
  SparkError,
  type SparkSession,
} from "../../src/scale/index.ts";
import { noSpark, sparkPython, type SparkServer, startSparkServer } from "../support/spark-server.ts";

const reason = noSpark();
if (reason) console.warn(`tests of Spark Connect are skipped: ${reason}`);

const timeout = 300_000;

describe.skipIf(reason)("Spark Connect", () => {
  let folder: string;
  let server: SparkServer;
  let spark: SparkSession;
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lmframe-spark-"));
    // The server cuts every stream after a second, as it does after two minutes elsewhere.
    const conf = {
      "spark.connect.execute.reattachable.senderMaxStreamDuration": "1s",
      "spark.connect.progress.reportInterval": "300ms",
    };
    server = await startSparkServer(folder, { conf });
    spark = await connectSpark(server.remote);
  }, timeout);

  afterAll(async () => {
    await spark?.close();
    await server?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const odd = Dataset.from(
    Array.from({ length: 25_000 }, (_, i) => ({
      n: i,
      text: `${i} back\\slash "q" \t\n\r \u2028 é 😀`,
      when: new Date(1e12 + i * 977),
      share: i % 3 === 0 ? null : i / 7,
      yes: i % 2 === 0,
      words: ["a", String(i)],
      part: { at: new Date(i * 1000), n: i },
    })),
  );

  test("a table goes there and comes back as it was", { timeout }, async () => {
    const frame = await spark.upload(odd);
    expect(await frame.columns()).toEqual(odd.columns);
    expect(await frame.count()).toBe(odd.length);
    const back = await frame.toDataset({ limit: Infinity });
    expect(back.sort("n").fingerprint()).toBe(odd.fingerprint());
    expect((await frame.toDataset({ limit: 7 })).length).toBe(7);
    const none = await spark.upload(odd.head(0));
    expect((await none.toDataset({ limit: 5 })).columns).toEqual(odd.columns);
  });

  test("a reader may stop early", { timeout }, async () => {
    let rows = 0;
    for await (const batch of (await spark.sql("SELECT id FROM range(5000000)")).batches()) {
      rows += batch.length;
      break;
    }
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(5_000_000);
  });

  test("values beside a query stay values, and names stay names", { timeout }, async () => {
    const hostile = "x' OR 1=1; DROP TABLE t; -- \\";
    const frame = await spark.sql(
      "SELECT :text AS text, :n AS n, :half AS half, :none AS none, :yes AS yes, :at AS at",
      {
        values: { text: hostile, n: 2 ** 40, half: 0.5, none: null, yes: true, at: new Date(5000) },
      },
    );
    expect((await frame.toDataset({ limit: 1 })).rows()).toEqual([
      { text: hostile, n: 2 ** 40, half: 0.5, none: null, yes: true, at: new Date(5000) },
    ]);
    await expect(spark.sql("SELECT 1", { from: { "a b": frame } })).rejects.toThrow('"a b"');
  });

  test("an error is ours, with Spark's class, state and words", { timeout }, async () => {
    const failed = await spark.sql("SELECT * FROM no_such_table").catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(SparkError);
    expect(failed).toMatchObject({ errorClass: "TABLE_OR_VIEW_NOT_FOUND", sqlState: "42P01" });
    expect((failed as Error).message).toContain("no_such_table");
    // What is found only when rows are worked out comes by another way.
    const late = (await spark.sql("SELECT raise_error('planted')")).toDataset({ limit: 1 });
    await expect(late).rejects.toThrow("planted");
    await expect(connectSpark("http://x")).rejects.toThrow("sc://host:15002");
    await expect(connectSpark("sc://example.org/;token=secret-token-1;use_ssl=false")).rejects.toThrow(
      "in the clear",
    );
  });

  test("an abort ends the work on the cluster", { timeout }, async () => {
    const abort = new AbortController();
    const slow = await spark.sql("SELECT count(*) AS n FROM range(1000000000000) WHERE sqrt(id) = 0.5");
    const running = slow.toDataset({ limit: 1, signal: abort.signal });
    setTimeout(() => abort.abort(new Error("enough")), 3000);
    await expect(running).rejects.toThrow("enough");
    // Two cores: a query would wait for ever where the other one still ran.
    expect(await (await spark.sql("SELECT 1")).count()).toBe(1);
  });

  test("a stream that is cut is taken up again, and tells how far it is", { timeout }, async () => {
    const states: ProgressState[] = [];
    const hide = showProgress((state) => states.push(state));
    try {
      const slow = await spark.sql("SELECT count(*) AS n FROM range(0, 1500000000, 1, 8) WHERE sqrt(id) = 2");
      expect((await slow.toDataset({ limit: 1 })).at(0)).toEqual({ n: 1 });
    } finally {
      hide();
    }
    expect(states.at(-1)).toMatchObject({ ended: true });
    expect(states.at(-1)!.done).toBe(states.at(-1)!.total);
    expect(states.every(({ total = 0 }) => total > 0)).toBe(true);
  });

  test("PySpark reads what we wrote, and we what it wrote", { timeout }, async () => {
    await (await spark.upload(odd.head(100))).writeParquet(at("ours"));
    await (await spark.upload(odd.head(100))).writeTable("ours", { mode: "overwrite" });
    await odd.head(100).write(at("local.parquet"));
    const script = `
import json, sys, warnings
warnings.filterwarnings("ignore")
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
read = lambda path: spark.read.parquet(path)
rows = lambda frame: [[r.n, r.text, r.words, r.when.timestamp(), r.part.n] for r in frame.orderBy("n").collect()]
ours, local = rows(read(sys.argv[2] + "/ours")), rows(read(sys.argv[2] + "/local.parquet"))
read(sys.argv[2] + "/ours").coalesce(1).write.parquet(sys.argv[2] + "/theirs")
print(json.dumps([ours == local, ours[99], read(sys.argv[2] + "/ours").schema.simpleString()]))
`;
    const { stdout } = await promisify(execFile)(sparkPython, ["-c", script, server.remote, folder], {
      env: { ...process.env, TZ: "UTC" },
    });
    const [same, row, schema] = JSON.parse(stdout.trim().split("\n").at(-1)!) as [boolean, unknown[], string];
    expect(same).toBe(true);
    expect(row).toEqual([99, odd.at(99).text, ["a", "99"], (1e12 + 99 * 977) / 1000, 99]);
    expect(schema).toContain("when:timestamp");
    const theirs = await spark.read.parquet(at("theirs")).toDataset({ limit: Infinity });
    expect(theirs.sort("n").fingerprint()).toBe(odd.head(100).fingerprint());
    const [file] = readdirSync(at("theirs")).filter((name) => name.endsWith(".parquet"));
    expect((await Dataset.read(join(at("theirs"), file!))).sort("n").fingerprint()).toBe(
      odd.head(100).fingerprint(),
    );
    expect(await spark.table("ours").count()).toBe(100);
    await expect((await spark.upload(odd.head(1))).writeParquet(at("ours"))).rejects.toThrow(SparkError);
  });

  test(
    "rows for code repair are the same on Spark and here, and no file is in two parts",
    { timeout },
    async () => {
      const rows = Dataset.from([...codeRepairs(8), silent]);
      const here = repairRows(rows);
      expect(here.column("error_message").filter((text) => (text as string | null) === null)).toHaveLength(1);
      const frame = await repairFrame(spark, await spark.upload(rows));
      await frame.writeParquet(at("repairs"), { partitionBy: ["part"] });
      const there = await spark.read.parquet(at("repairs")).toDataset({ limit: Infinity });
      const sorted = (table: typeof there) =>
        table
          .rows()
          .map((row) => JSON.stringify(here.columns.map((name) => row[name as never])))
          .sort();
      expect(sorted(there)).toEqual(sorted(here as never));
      expect(here.length).toBeGreaterThan(20);
      expect(here.length).toBeLessThan(rows.length);
    },
  );
});

/** A problem without a message, which has no code that could be dropped. */
const silent = {
  ...codeRepairs(1).find(({ code_action }) => code_action !== null)!,
  error_message: null as never,
};

describe("rows for code repair", () => {
  test("keep a problem without a message, whatever codes are dropped", () => {
    for (const dropped of [undefined, [], ["null"]]) {
      const kept = repairRows(Dataset.from([silent]), dropped && { dropped });
      expect(kept.column("code_action")).toEqual([silent.code_action]);
    }
  });

  test("leave out what nothing mends, what is of form, and copies", { timeout }, () => {
    const rows = Dataset.from(codeRepairs(12));
    const messages = rows.column("error_message");
    expect(messages.some((text) => text.startsWith("E501"))).toBe(true);
    expect(messages.some((text) => text.startsWith("I001"))).toBe(true);
    expect(rows.column("code_action").includes(null)).toBe(true);
    const training = repairRows(rows, { parts: { train: 0.5, test: 0.5 } });
    expect(training.column("error_message").some((text) => /^(E501|I001)/.test(text))).toBe(false);
    expect(training.column("code_action").includes(null)).toBe(false);
    expect(training.distinct().length).toBe(training.length);
    for (const name of ["repository", "code_file"] as const) {
      const parts = training.groupCounts(name, "part");
      expect(new Set(parts.column(name)).size).toBe(parts.length);
    }
    expect(new Set(training.column("part"))).toEqual(new Set(["train", "test"]));
    expect(() => repairRows(rows, { parts: { train: 0.5 } })).toThrow("add up to 1");
    expect(() => repairRows(rows, { dropped: ["E5.*"] })).toThrow('"E5.*"');
  });
});
