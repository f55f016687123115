// Sets up what the tests on Spark need: PySpark with its server, in an environment of its own, since it is large and
// nothing else needs it. Where there is no Java, or one too old, it says so and leaves it: those tests are skipped.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { noJava } from "./java.mjs";
import { withLock } from "./lock.mjs";
import { Problem } from "./problem.mjs";
import { findPython, installer, interpreterOf } from "./python.mjs";
import { failure, outsideEnvironment, run } from "./run.mjs";
import { fingerprint, isCurrent, mark } from "./stamp.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pyspark = "pyspark[connect]==4.3.0";
const venv = join(root, ".lmframe/spark-venv");
const stamp = join(venv, ".lmframe-setup");

async function makeSparkEnvironment() {
  const env = outsideEnvironment();
  rmSync(venv, { recursive: true, force: true });
  await run(await findPython(env), ["-m", "venv", venv], { env });
  const install = await installer(interpreterOf(venv), env);
  const { code, output } = await install([pyspark]);
  if (code !== 0) throw failure(`installing ${pyspark} failed`, output);
}

try {
  const hash = fingerprint(root, ["setup/spark.mjs"]);
  const reason = await noJava();
  if (reason !== undefined) say(`${reason}: the tests on Spark are skipped.`);
  else if (!isCurrent(stamp, hash)) {
    await withLock(join(root, ".lmframe/setup.lock"), say, async () => {
      say("set-up: PySpark …");
      await makeSparkEnvironment();
      mark(stamp, hash);
    });
  }
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  say(`\nSet-up stopped. ${error.message}`);
  process.exitCode = 1;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
