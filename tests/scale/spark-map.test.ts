import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigurationError, DataError, Dataset, FunctionModel, Predict } from "../../src/index.ts";
import { connectSpark, mapFrame, sparkEngine } from "../../src/scale/index.ts";
import { command } from "../cli/command.ts";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { noSpark, type SparkServer, startSparkServer } from "../support/spark-server.ts";
import Misconfigured from "./programs/misconfigured.ts";
import Upper from "./programs/upper.ts";

const reason = noSpark();
if (reason) console.warn(`tests of maps on Spark are skipped: ${reason}`);

const key = "sk-only-on-the-executors-4f1c9d2e7a";
const programAt = (name: string) => fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
const minutes = 60_000;

/** What the stand-in says of a prompt: the text between the marks, in capitals, and its length; no answer to "mute",
 * nor when asked once more. */
function say(prompt: string): string {
  const text = /⟦[^⟧]*⟧/.exec(prompt)?.[0] ?? "";
  return text === "" || text.includes("mute")
    ? "no answer at all"
    : JSON.stringify({ answer: text.toUpperCase(), length: text.length });
}

describe.skipIf(reason)("map on Spark", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  let endpoint: FaultyEndpoint;
  let server: SparkServer;
  let atCall: (call: number) => void = () => undefined;
  let calls = 0;
  /** Whether the stand-in cannot be reached for a prompt. */
  let away: (prompt: string) => boolean = () => false;

  const start = (port?: number) =>
    startSparkServer(folder, {
      ...(port !== undefined && { port }),
      env: {
        OPENAI_BASE_URL: endpoint.baseURL,
        OPENAI_API_KEY: key,
        OPENAI_MODEL: "test-model",
        LMFRAME_TEST_FOLDER: folder,
      },
      conf: {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": at("events"),
      },
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lmframe spark map "));
    mkdirSync(at("events"));
    endpoint = await startEndpoint({
      key,
      answer: ({ messages }) =>
        away(messages.at(-1)!.content as string)
          ? { status: 503, body: { error: { message: "away" } } }
          : undefined,
      reply: ({ messages }) => {
        atCall(++calls);
        endpoint.calls.length = 0; // a hundred thousand requests are not kept
        return say(messages.at(-1)!.content as string);
      },
    });
    server = await start();
  }, 5 * minutes);

  afterAll(async () => {
    await server?.kill();
    await endpoint?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const local = new FunctionModel(({ messages }) => say(messages.at(-1)!.content as string));

  test("gives what the local engine gives, errors with their rows", { timeout: 5 * minutes }, async () => {
    const rows = Dataset.from(
      Array.from({ length: 60 }, (_, i) => ({
        text: `⟦${i} back\\slash \\n "quoted" \t \n \r \u2028 \\N 'é' 😀${i === 7 ? " mute" : ""}⟧`,
        answer: i % 2 ? i : null,
      })),
    );
    const program = new Predict("text -> answer, length: int");
    const spark = await connectSpark(server.remote);
    try {
      const engine = sparkEngine(spark, { limits: { concurrency: 4 } });
      const there = await program.map(rows, { engine });
      const here = await program.map(rows, { lm: local });
      expect(there.columns).toEqual(["text", "answer", "predicted_answer", "length", "error"]);
      expect(there.fingerprint()).toBe(here.fingerprint());
      expect(there.column("error").map((error) => error !== null)).toEqual(
        rows.rows().map((_, row) => row === 7),
      );
      expect(endpoint.peak).toBeLessThanOrEqual(4);
    } finally {
      await spark.close();
    }
  });

  test(
    "100,000 rows: each once, through the death of a worker and of the server",
    { timeout: 20 * minutes },
    async () => {
      const rows = Dataset.from(
        Array.from({ length: 100_000 }, (_, i) => ({
          id: `t${i}`,
          text: `⟦row ${i}${i === 31_415 ? " kill" : ""}⟧`,
        })),
      );
      const options = {
        id: "id",
        module: programAt("upper"),
        to: at("answers"),
        checkpoint: 10_000,
        limits: { concurrency: 32 },
      };
      calls = 0;
      const port = Number(new URL(server.remote.replace("sc:", "http:")).port);
      let again: Promise<SparkServer> | undefined;
      atCall = (call) => {
        if (call === 55_000) again = server.kill().then(() => start(port));
      };
      const first = await connectSpark(server.remote);
      await expect(mapFrame(first, new Upper(), await first.upload(rows), options)).rejects.toThrow(
        /Spark could not/,
      );
      const before = calls;
      expect(before).toBeLessThan(100_000);

      server = await again!;
      const spark = await connectSpark(server.remote);
      try {
        const written = await mapFrame(spark, new Upper(), await spark.upload(rows), options);
        // What a bucket that was not safe yet cost, twice over, and the partition of the worker that died.
        expect(calls).toBeLessThan(100_000 + 20_000);
        expect(calls - before).toBeLessThan(60_000);
        const found = await written.toDataset({ limit: Infinity });
        expect(found.length).toBe(100_000);
        const here = await new Upper().map(rows, { lm: local });
        expect(found.select("id", "text", "answer", "length", "error").sort("id").fingerprint()).toBe(
          here.sort("id").fingerprint(),
        );
        expect(found.column("output_tokens").every((tokens) => (tokens as number) > 0)).toBe(true);
        expect(statSync(at("killed")).size).toBe(0);
      } finally {
        await spark.close();
      }
    },
  );

  test("the rows of one run go to several workers", { timeout: 5 * minutes }, async () => {
    const spark = await connectSpark(server.remote);
    atCall = () => undefined;
    const rows = Dataset.from(Array.from({ length: 200 }, (_, id) => ({ id, text: `⟦row ${id}⟧` })));
    rmSync(at("workers"), { force: true });
    try {
      // One bucket, and no worker that dies: as many processes as partitions that had rows.
      const options = { id: "id", module: programAt("upper"), to: at("shared out") };
      const mapped = await mapFrame(spark, new Upper(), await spark.upload(rows), options);
      expect(await mapped.count()).toBe(200);
      const workers = readFileSync(at("workers"), "utf8").trim().split("\n");
      expect(new Set(workers).size).toBeGreaterThanOrEqual(2);
    } finally {
      await spark.close();
    }
  });

  test(
    "rows that were mended are taken, without a word of the old ones",
    { timeout: 5 * minutes },
    async () => {
      const spark = await connectSpark(server.remote);
      atCall = () => undefined;
      const program = new Predict("text -> answer, length: int");
      const map = async (ids: readonly number[]) => {
        await Dataset.from(ids.map((id, row) => ({ id, text: `⟦row ${row}⟧` }))).write(at("people.parquet"));
        const people = spark.read.parquet(at("people.parquet"));
        return (await mapFrame(spark, program, people, { id: "id", to: at("mapped people") })).count();
      };
      try {
        await expect(map([1, 1, 2])).rejects.toThrow(DataError);
        expect(await map([1, 2, 3])).toBe(3);
        expect(await map([1, 2, 3, 4])).toBe(4);
      } finally {
        await spark.close();
      }
    },
  );

  test("only what was an outage is asked again", { timeout: 10 * minutes }, async () => {
    const spark = await connectSpark(server.remote);
    const rows = Dataset.from(Array.from({ length: 30 }, (_, id) => ({ id, text: `⟦row ${id}.⟧` })));
    const program = new Predict("text -> answer, length: int");
    const map = async () => {
      const mapped = await mapFrame(spark, program, await spark.upload(rows), { id: "id", to: at("away") });
      return (await mapped.toDataset({ limit: Infinity })).sort("id");
    };
    atCall = () => undefined;
    calls = 0;
    away = (prompt) => prompt.includes("⟦row 7.⟧");
    try {
      const first = await map();
      expect(first.column("error" as never).map((error) => error !== null)).toEqual(
        rows.rows().map(({ id }) => id === 7),
      );
      away = () => false;
      const before = calls;
      expect((await map()).column("error" as never).every((error) => error === null)).toBe(true);
      expect(calls - before).toBe(1);
    } finally {
      away = () => false;
      await spark.close();
    }
  });

  test("the command line does the same", { timeout: 5 * minutes }, async () => {
    const rows = Dataset.from(Array.from({ length: 20 }, (_, i) => ({ id: i, text: `⟦row ${i}⟧` })));
    await rows.write(at("rows.parquet"));
    await new Predict("text -> answer, length: int").save(at("program.json"));
    const map = ["map", at("program.json"), at("rows.parquet"), at("labelled"), "--engine", "spark"];
    const { code, stderr } = await command([...map, "--remote", server.remote, "--id", "id"], {
      cwd: folder,
    });
    expect(stderr).not.toContain("Error");
    expect(code).toBe(0);
    const spark = await connectSpark(server.remote);
    try {
      const found = await spark.read.parquet(at("labelled")).toDataset({ limit: Infinity });
      expect(found.sort("id").column("answer" as never)).toEqual(
        rows.rows().map(({ text }) => text.toUpperCase()),
      );
    } finally {
      await spark.close();
    }
    const refused = await command(["map", at("program.json"), "x.csv", "y.csv", "--id", "id"], {
      cwd: folder,
    });
    expect(refused.stderr).toContain("--engine spark");
  });

  test(
    "a setting that is missing where workers run stops the map, in its own words",
    { timeout: 5 * minutes },
    async () => {
      const spark = await connectSpark(server.remote);
      try {
        const engine = sparkEngine(spark, { module: programAt("misconfigured") });
        const mapped = new Misconfigured().map([{ text: "a" }], { engine });
        await expect(mapped).rejects.toThrow(ConfigurationError);
        await expect(mapped).rejects.toThrow(
          "on the executors: ConfigurationError: the vault's address is not set",
        );
      } finally {
        await spark.close();
      }
    },
  );

  test("no file that Spark wrote holds the key", () => {
    expect(readdirSync(at("events")).length).toBeGreaterThan(0);
    let found = "";
    try {
      found = execFileSync("grep", ["-rlaF", key, folder], { encoding: "utf8" });
    } catch (error) {
      expect((error as { status: number }).status).toBe(1); // grep's word for "nothing found"
    }
    expect(found).toBe("");
  });

  test("says before anything runs what it cannot do", { timeout: 5 * minutes }, async () => {
    const spark = await connectSpark(server.remote);
    try {
      const engine = sparkEngine(spark);
      const program = new Predict("text -> answer");
      await expect(program.map([{ txt: "a" }], { engine })).rejects.toThrow('did you mean "txt"?');
      await expect(program.map(Dataset.scan("none.csv"), { engine, to: at("x") })).rejects.toThrow(
        "mapFrame",
      );
      await expect(program.map([{ text: "a" }], { engine, lm: local })).rejects.toThrow(
        "it does not take lm",
      );
    } finally {
      await spark.close();
    }
  });
});
