import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Predict } from "../../src/index.ts";
import { Dataset } from "../../src/data/index.ts";
import type { SparkSession } from "../../src/scale/index.ts";
import { readAddress } from "../../src/scale/spark/address.ts";
import { frameFingerprint } from "../../src/scale/spark/frame-fingerprint.ts";
import type { SparkFrame } from "../../src/scale/spark/frame.ts";
import { shareLimits } from "../../src/scale/spark/share-limits.ts";
import { isJsonText, sparkType } from "../../src/scale/spark/spark-type.ts";
import { quoted, quotedText } from "../../src/scale/spark/sql.ts";

describe("an address of Spark Connect", () => {
  test("is read as Spark's own clients read it", () => {
    expect(readAddress("sc://cluster")).toMatchObject({ host: "cluster", port: 15002, tls: false });
    expect(
      readAddress("sc://host:443/;token=a%3Bb;use_ssl=true;user_id=me;x-databricks-cluster-id=c1"),
    ).toEqual({
      host: "host",
      port: 443,
      tls: true,
      token: "a;b",
      userId: "me",
      sessionId: undefined,
      headers: { "x-databricks-cluster-id": "c1" },
    });
  });

  test("sends no token in the clear, except to this machine", () => {
    expect(readAddress("sc://host/;token=secret-token").tls).toBe(true);
    expect(readAddress("sc://127.0.0.1:80/;token=secret-token")).toMatchObject({ tls: false, port: 80 });
    expect(readAddress("sc://[::1]:7/")).toMatchObject({ host: "[::1]", port: 7 });
    expect(() => readAddress("sc://host/;token=secret-token;use_ssl=false")).toThrow("in the clear");
  });

  test("is refused where it is none, without telling what it holds", () => {
    for (const wrong of ["", "http://host", "sc://", "sc://user:secret@host", "sc://host/;tokensecret"]) {
      expect(() => readAddress(wrong)).toThrow("sc://host:15002");
      expect(() => readAddress(wrong)).not.toThrow("secret");
    }
  });
});

test("limits are divided, and never exceeded together", () => {
  expect(shareLimits({ concurrency: 64, tokensPerMinute: 90_000 }, 8)).toEqual({
    workers: 8,
    each: { concurrency: 8, tokensPerMinute: 11_250 },
  });
  expect(shareLimits({ concurrency: 3, requestsPerMinute: 100 }, 8)).toEqual({
    workers: 3,
    each: { concurrency: 1, requestsPerMinute: 33 },
  });
  expect(shareLimits({ concurrency: undefined }, 4)).toEqual({ workers: 4, each: {} });
  expect(() => shareLimits({ concurrency: 0 }, 4)).toThrow("invalid concurrency: 0");
});

test("limits of an executor hold whichever workers it runs, beside those of all", () => {
  const total = { concurrency: 64, tokensPerMinute: 90_000 };
  expect(shareLimits(total, 16, { concurrency: 8, workers: 4 })).toEqual({
    workers: 16,
    each: { concurrency: 2, tokensPerMinute: 5625 },
  });
  expect(shareLimits(total, 16, { concurrency: 100, requestsPerMinute: 90, workers: 4 })).toEqual({
    workers: 16,
    each: { concurrency: 4, requestsPerMinute: 22, tokensPerMinute: 5625 },
  });
  expect(shareLimits({}, 16, { concurrency: 32 })).toEqual({ workers: 16, each: { concurrency: 2 } });
  expect(shareLimits({}, 16, { concurrency: 3, workers: 4 })).toEqual({
    workers: 3,
    each: { concurrency: 1 },
  });
  expect(() => shareLimits({}, 4, { concurrency: 2, workers: 0 })).toThrow("workers of an executor: 0");
  expect(() => shareLimits({}, 4, { concurrency: 0.5 })).toThrow("invalid concurrency: 0.5");
  const limit = fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined });
  const workers = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(limit, workers, limit, fc.option(workers, { nil: undefined }), (all, most, near, cores) => {
      const shared = shareLimits({ concurrency: all }, most, { concurrency: near, workers: cores });
      const one = shared.each.concurrency;
      const together = Math.min(shared.workers, cores ?? shared.workers);
      expect(shared.workers).toBeGreaterThanOrEqual(1);
      if (all !== undefined) expect(one! * shared.workers).toBeLessThanOrEqual(all);
      if (near !== undefined) expect(one! * together).toBeLessThanOrEqual(near);
      if (one !== undefined) expect(one).toBeGreaterThanOrEqual(1);
    }),
  );
});

test("names and texts mean themselves in SQL, whatever they hold", () => {
  expect(quoted("a`; DROP TABLE t; --")).toBe("`a``; DROP TABLE t; --`");
  expect(quotedText("it's \\")).toBe("'it\\'s \\\\'");
});

test("outputs have types of Spark, or travel as JSON text", () => {
  const { outputs } = new Predict(
    "text -> a: int, b: list[float], c: Literal['x', 'y'], d: dict[str, bool], e: Optional[int], f: int | str, g: list[Any]",
  ).signature;
  expect(outputs.map(({ type }) => sparkType(type))).toEqual([
    "BIGINT",
    "ARRAY<DOUBLE>",
    "STRING",
    "MAP<STRING, BOOLEAN>",
    "BIGINT",
    "STRING",
    "STRING",
  ]);
  expect(outputs.map(({ type }) => isJsonText(type))).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
});

describe("a frame's fingerprint", () => {
  const frameOf = (relation: object) => ({ relation }) as SparkFrame;
  /** A session whose cluster finds a table as it is told. */
  function session(found: { rows: number; checksum: string | null }) {
    const asked: string[] = [];
    const sql = (text: string) => {
      asked.push(text);
      return Promise.resolve({ toDataset: () => Promise.resolve(Dataset.from([found])) });
    };
    return { asked, spark: { sql } as unknown as SparkSession };
  }
  const path = { read: { data_source: { format: "parquet", paths: ["/rows"], options: {} } } };

  test("hangs on the rows that a path has now", async () => {
    const first = session({ rows: 2, checksum: "17" });
    const before = await frameFingerprint(first.spark, frameOf(path));
    const same = session({ rows: 2, checksum: "17" });
    const mended = session({ rows: 2, checksum: "18" });
    const longer = session({ rows: 3, checksum: "17" });
    expect(await frameFingerprint(same.spark, frameOf(path))).toBe(before);
    for (const { spark } of [mended, longer])
      expect(await frameFingerprint(spark, frameOf(path))).not.toBe(before);
    expect(await frameFingerprint(same.spark, frameOf({ read: { named_table: {} } }))).not.toBe(before);
    expect(await frameFingerprint(session({ rows: 0, checksum: null }).spark, frameOf(path))).toHaveLength(
      64,
    );
  });

  test("needs no pass over what was uploaded: the plan holds or names it", async () => {
    const { asked, spark } = session({ rows: 0, checksum: null });
    const of = (relation: object) => frameFingerprint(spark, frameOf(relation));
    expect(await of({ local_relation: { data: Buffer.from("a") } })).not.toBe(
      await of({ local_relation: { data: Buffer.from("b") } }),
    );
    expect(await of({ chunked_cached_local_relation: { dataHashes: ["a"] } })).not.toBe(
      await of({ chunked_cached_local_relation: { dataHashes: ["b"] } }),
    );
    expect(asked).toEqual([]);
  });
});
