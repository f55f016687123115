import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { wrongJava } from "../../setup/java.mjs";
import { freePort } from "../../src/services/process.ts";
import { connectSpark } from "../../src/scale/index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The Python with PySpark that `npm run test:spark` sets up. */
export const sparkPython = join(root, ".lmframe/spark-venv/bin/python");

/** Why tests on Spark cannot run here; undefined where they can. */
export function noSpark(): string | undefined {
  if (!existsSync(sparkPython)) return "no PySpark: npm run test:spark sets it up";
  // It speaks on standard error.
  const { status, stdout, stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
  return status === 0 ? wrongJava(`${stdout}${stderr}`) : "no Java on the PATH; Spark needs Java 17 or later";
}

/** Where Spark itself stands in it. */
export function sparkHome(): string {
  const lib = join(dirname(dirname(sparkPython)), "lib");
  const python = readdirSync(lib).find((name) => name.startsWith("python"))!;
  return join(lib, python, "site-packages/pyspark");
}

export interface SparkServer {
  /** `sc://…` */
  remote: string;
  /** Ends the server and its executors at once, as a power cut would. */
  kill(): Promise<void>;
}

/** A real Spark Connect server on loopback, with `env` for it and its executors. Its files stand in `folder`. */
export async function startSparkServer(
  folder: string,
  {
    env = {},
    conf = {},
    port,
  }: { env?: NodeJS.ProcessEnv; conf?: Record<string, string>; port?: number } = {},
): Promise<SparkServer> {
  const own = port ?? (await freePort());
  const home = sparkHome();
  const log = openSync(join(folder, "server.log"), "a");
  const settings: Record<string, string> = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": String(own),
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.local.dir": folder,
    "spark.sql.warehouse.dir": join(folder, "warehouse"),
    ...conf,
  };
  const child: ChildProcess = spawn(
    join(home, "bin/spark-submit"),
    [
      ...["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2,4]"],
      ...Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]),
      "spark-internal",
    ],
    {
      cwd: folder,
      detached: true,
      stdio: ["ignore", log, log],
      env: {
        ...process.env,
        SPARK_HOME: home,
        PYSPARK_PYTHON: sparkPython,
        // Workers are run by this very Node.
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        ...env,
      },
    },
  );
  const remote = `sc://127.0.0.1:${own}`;
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const kill = async () => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It ended before.
    }
    await ended;
  };
  for (let waited = 0; ; waited++) {
    try {
      await (await connectSpark(remote)).close();
      return { remote, kill };
    } catch (error) {
      if (waited === 120 || child.exitCode !== null) {
        await kill();
        throw error;
      }
      await pause(1000);
    }
  }
}
