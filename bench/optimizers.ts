import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { plantedTasks } from "../tests/optimizers/planted-tasks.ts";
import { peerPython, run } from "./process.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const seeds = [1, 2, 3];
/** Milliseconds of an answer, and rows at once. */
const delay = 20;
const atOnce = 8;

/** Our name of a strategy, and DSPy's. */
const strategies = [
  ["Best", undefined],
  ["GEPA", "GEPA"],
  ["MIPROv2", "MIPROv2"],
  ["SIMBA", "SIMBA"],
  ["COPRO", "COPRO"],
  ["RandomSearch", "BootstrapFewShotWithRandomSearch"],
] as const;

/** What one run reached and took. */
interface Run {
  score: number;
  seconds: number;
  /** Calls of the program's model and of the one that helps. */
  task: number;
  proposer: number;
}

/** Runs each strategy beside DSPy's on the planted task, and writes the table of optimizers in README.md. */
export async function compareOptimizers(conditions: string, chosen: readonly string[] = []): Promise<void> {
  const python = peerPython();
  run(python, [
    "-m",
    "uv",
    "pip",
    "install",
    "--quiet",
    "--python",
    python,
    "-r",
    here("optimizers-requirements.txt"),
  ]);
  const lines: string[] = [];
  for (const [ours, theirs] of strategies) {
    if (chosen.length > 0 && !chosen.includes(ours)) continue;
    const own = await measure(ours, (args) => [
      process.execPath,
      here("programs/optimize-tickets.ts"),
      ours,
      ...args,
    ]);
    const peer =
      theirs &&
      (await measure(theirs, (args) => [python, here("programs/dspy_optimizer.py"), theirs, ...args]));
    lines.push(row(ours, own, peer));
    process.stderr.write(`${lines.at(-1)}\n`);
  }
  const table = [
    "| strategy | score | DSPy 3.4.1 | task calls | DSPy | proposer calls | DSPy | seconds | DSPy | |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
    `${delay} ms an answer, ${atOnce} at once, seeds ${seeds.join(", ")}. ${conditions}`,
  ].join("\n");
  const readme = here("README.md");
  const text = readFileSync(readme, "utf8").replace(
    /(<!-- optimizers -->\n)[^]*(\n<!-- \/optimizers -->)/,
    (_, start: string, end: string) => `${start}\n${table}\n${end}`,
  );
  writeFileSync(readme, text);
  console.log(table);
}

async function measure(name: string, command: (args: string[]) => string[]): Promise<Run[]> {
  const { task } = plantedTasks.all;
  const runs: Run[] = [];
  for (const seed of seeds) {
    process.stderr.write(`bench: ${name}, seed ${seed}…\n`);
    const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
    for (const [split, from, count] of [
      ["train", 1000, 150],
      ["val", 2000, 150],
      ["test", 3000, 300],
    ] as const) {
      writeFileSync(join(folder, `${split}.json`), JSON.stringify(task.rows(count, from + seed).rows()));
    }
    const endpoint = spawn(process.execPath, [here("programs/ticket-endpoint.ts"), String(delay)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const said = createInterface({ input: endpoint.stdout })[Symbol.asyncIterator]();
    const baseURL = String((await said.next()).value);
    const instructions = task.program().predictors().get("self")!.state.instructions;
    const [program = "", ...args] = command([String(seed), baseURL, folder, instructions, String(atOnce)]);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (errors = (errors + piece.toString()).slice(-4000)));
    const [code] = (await once(child, "close")) as [number];
    if (code !== 0) throw new Error(`${name} failed with code ${code}:\n${errors}`);
    endpoint.stdin.write("calls\n");
    const calls = JSON.parse(String((await said.next()).value)) as { task: number; proposer?: number };
    endpoint.kill();
    rmSync(folder, { recursive: true });
    const found = JSON.parse(output.trim().split("\n").at(-1)!) as { score: number; seconds: number };
    runs.push({ ...found, task: calls.task, proposer: calls.proposer ?? 0 });
  }
  return runs;
}

/** Scores of all seeds; of calls and seconds the means. */
function row(name: string, ours: readonly Run[], theirs: readonly Run[] | undefined): string {
  const mean = (runs: readonly Run[], of: keyof Run) =>
    runs.reduce((sum, one) => sum + one[of], 0) / runs.length;
  const cells = (of: keyof Run, digits: number) =>
    [ours, theirs].map((runs) => (runs ? mean(runs, of).toFixed(digits) : "–"));
  // DSPy rounds its scores.
  const score = (runs: readonly Run[]) => Number(mean(runs, "score").toFixed(3));
  const held =
    theirs &&
    score(ours) >= score(theirs) &&
    mean(ours, "task") <= mean(theirs, "task") &&
    mean(ours, "seconds") <= mean(theirs, "seconds") / 2;
  const verdict = theirs === undefined ? "" : held ? "met" : "missed";
  return `| ${[name, ...cells("score", 3), ...cells("task", 0), ...cells("proposer", 0), ...cells("seconds", 1), verdict].join(" | ")} |`;
}
