// Makes a clone ready: npm packages, the Python side, the build. Run again, it does only what a changed file
// asks for, and says nothing where nothing is to do. It starts under whatever Node the machine has (16 or
// later) and needs no package.
import { promises as files } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock.mjs";
import { embedderInputs, fetchEmbedders } from "./embedder.mjs";
import { installPackages, nodeOf, npmInputs } from "./npm.mjs";
import { Problem } from "./problem.mjs";
import { makeEnvironment, pythonInputs } from "./python.mjs";
import { run } from "./run.mjs";
import { fingerprint, isCurrent, mark } from "./stamp.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The steps, in order. `gigabytes` is what each takes on disk while it runs, caches included. */
const steps = [
  {
    name: "npm packages",
    inputs: npmInputs,
    stamp: "node_modules/.lmframe-setup",
    gigabytes: 1.5,
    make: () => installPackages(root),
  },
  {
    name: "Python side (MLflow, JupyterLab, embedded model)",
    inputs: pythonInputs,
    stamp: ".venv/.lmframe-setup",
    gigabytes: 2.5,
    make: () => makeEnvironment(root, say),
  },
  {
    name: "embedders",
    inputs: embedderInputs,
    stamp: ".venv/share/lmframe/.lmframe-setup",
    gigabytes: 0.3,
    make: () => fetchEmbedders(root),
  },
  {
    name: "build",
    inputs: ["src", "tsconfig.json", "tsconfig.build.json", "package-lock.json", "setup/build.mjs"],
    stamp: "dist/.lmframe-setup",
    gigabytes: 0.1,
    make: () => run(nodeOf(root), [join(root, "setup/build.mjs")], { cwd: root }),
  },
];

function due() {
  const todo = [];
  for (const step of steps) {
    const hash = fingerprint(root, step.inputs);
    const stamp = join(root, step.stamp);
    // What stands in a folder that another step makes anew goes with it.
    const lost = todo.some((earlier) => stamp.startsWith(dirname(earlier.stamp) + sep));
    if (lost || !isCurrent(stamp, hash)) todo.push({ ...step, hash, stamp });
  }
  return todo;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

async function checkDisk(needed) {
  if (!files.statfs) return; // Node before 18.15 cannot tell
  const { bavail, bsize } = await files.statfs(root);
  const free = (bavail * bsize) / 1e9;
  if (free < needed) {
    throw new Problem(
      `Set-up needs ${needed.toFixed(1)} GB of disk, and ${free.toFixed(1)} GB are free at ${root}. Make room, then run it again.`,
    );
  }
}

async function setUp() {
  const todo = due();
  if (todo.length === 0) return;
  await checkDisk(todo.reduce((sum, { gigabytes }) => sum + gigabytes, 0));
  for (const [index, { name, stamp, hash, make }] of todo.entries()) {
    const place = `set-up ${index + 1}/${todo.length}: ${name}`;
    say(`${place} …`);
    const started = Date.now();
    await make();
    mark(stamp, hash);
    say(`${place}: ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
}

try {
  if (due().length > 0) await withLock(join(root, ".lmframe/setup.lock"), say, setUp);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  say(`\nSet-up stopped. ${error.message}`);
  process.exitCode = 1;
}
