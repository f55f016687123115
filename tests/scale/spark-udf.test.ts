import { execFile } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connect, currentLM } from "../../src/lm/index.ts";
import type { Module } from "../../src/modules/index.ts";
import { pythonPath } from "../../src/services/index.ts";
import { mlflow } from "../../src/tracking/index.ts";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { readAnswer } from "../support/reading-model.ts";
import { noSpark, sparkHome } from "../support/spark-server.ts";
import { calledHere, withoutProcess } from "../tracking/called-here.ts";
import { Triage } from "../tracking/programs/triage.ts";
import { realMlflow } from "../tracking/real-mlflow.ts";

const reason = noSpark();
if (reason) console.warn(`tests of MLflow's Spark function are skipped: ${reason}`);

const key = "key-of-the-endpoint";

/** Maps a file of rows in two passes, over other partitions, and tells whose child each Node is. */
const script = `
import json, subprocess, sys, mlflow
from pyspark.sql import SparkSession, functions as F
uri, rows, folder = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]").appName("lmframe")
    .config("spark.ui.enabled", "false").config("spark.driver.memory", "1g")
    .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.local.dir", folder).config("spark.sql.warehouse.dir", folder + "/warehouse")
    .config("spark.sql.execution.arrow.maxRecordsPerBatch", "16").getOrCreate()
)
frame = spark.read.schema("id long, inquiry string, tags array<string>, history double").json(rows)
score = mlflow.pyfunc.spark_udf(spark, uri, env_manager="local")
inputs = F.struct("inquiry", "tags", "history")
passes = [
    frame.repartition(parts).select("id", F.spark_partition_id().alias("part"), score(inputs).alias("answer")).collect()
    for parts in (4, 3)
]
told = [[row.asDict(recursive=True) for row in answered] for answered in passes]
nodes = {int(row["answer"]["process"]) for answered in told for row in answered if not row["answer"]["error"]}
parent = lambda pid: int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(pid)]))
print(json.dumps({"passes": told, "nodes": {pid: parent(pid) for pid in nodes}}))
spark.stop()
`;

interface Told {
  passes: { id: number; part: number; answer: Record<string, unknown> }[][];
  /** Parent by process. */
  nodes: Record<string, number>;
}

describe.skipIf(reason)("a logged program as a function of Spark", () => {
  const server = realMlflow();
  let endpoint: FaultyEndpoint;

  beforeAll(async () => {
    endpoint = await startEndpoint({ reply: readAnswer, key });
    vi.stubEnv("OPENAI_BASE_URL", endpoint.baseURL);
    vi.stubEnv("OPENAI_API_KEY", key);
    await connect();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    currentLM.set(undefined);
    await endpoint?.close();
  });

  test(
    "answers as when it is called here, row by row; one Node for each of Spark's Pythons, gone with it",
    { timeout: 600_000 },
    async () => {
      const rows = Array.from({ length: 300 }, (_, id) => ({
        id,
        inquiry:
          id % 50 === 7
            ? "throw"
            : `${id % 3 ? "Lost my bag" : "I love it — 日本"} ${id}${id % 4 ? "" : "!"}`,
        tags: id % 5 ? [`tag ${id}`, 'a "b" \\ c'] : [],
        history: id % 6 ? id % 7 : null,
      }));
      const program = new Triage() as unknown as Module;
      const model = await mlflow.logModel(program, {
        module: fileURLToPath(new URL("../tracking/programs/triage.ts", import.meta.url)),
      });
      const at = (name: string) => join(server.home, name);
      writeFileSync(at("rows.json"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      writeFileSync(at("map.py"), script);
      const python = join(sparkHome(), "python");
      const libraries = readdirSync(join(python, "lib")).filter((name) => name.endsWith(".zip"));
      const { stdout } = await promisify(execFile)(
        pythonPath(),
        [at("map.py"), model.uri, at("rows.json"), server.home],
        {
          maxBuffer: 2 ** 26,
          env: {
            ...process.env,
            SPARK_HOME: sparkHome(),
            PYSPARK_PYTHON: pythonPath(),
            PYTHONPATH: libraries.map((name) => join(python, "lib", name)).join(":"),
            PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
            MLFLOW_DISABLE_TELEMETRY: "true",
          },
        },
      );
      const { passes, nodes } = JSON.parse(stdout.trim().split("\n").at(-1)!) as Told;

      const expected = withoutProcess(await calledHere(program, rows));
      expect(expected.filter(({ error }) => error !== null)).toHaveLength(6);
      for (const answered of passes) {
        expect(new Set(answered.map(({ part }) => part)).size).toBeGreaterThanOrEqual(2);
        const ordered = [...answered].sort((a, b) => a.id - b.id);
        expect(ordered.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
        expect(withoutProcess(ordered.map(({ answer }) => answer))).toEqual(expected);
      }

      const started = Object.keys(nodes).map(Number);
      expect(started.length).toBeLessThanOrEqual(2);
      expect(new Set(Object.values(nodes)).size).toBe(started.length);
      for (const pid of started)
        await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 30_000 });
    },
  );
});
