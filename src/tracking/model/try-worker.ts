import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ConfigurationError } from "../../core/index.ts";
import { nodePath } from "./node-path.ts";

const patience = 30_000;

/**
 * Starts the worker of a model once, so that what would not start where it is served is heard of before anything is
 * logged.
 *
 * @param files - of the model; those under `data/` are tried.
 * @param signature - the program's own; what the worker made of it must have the same.
 * @throws ConfigurationError with what the worker says.
 */
export async function tryWorker(files: ReadonlyMap<string, string>, signature: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "lmframe-model-"));
  try {
    for (const [path, content] of files) {
      const name = /^data\/(.*)$/.exec(path)?.[1];
      if (name !== undefined) await writeFile(join(folder, name), content, { mode: 0o600 });
    }
    const greeting = await greet(join(folder, "worker.mjs"));
    if (greeting.ready?.signature === signature) return;
    throw new ConfigurationError(
      greeting.ready
        ? `the module to be logged exports a program of "${greeting.ready.signature}", the one given is of "${signature}"`
        : `the program does not start from its module and saved state: ${greeting.fatal ?? "Node ended at once"}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Greeting {
  ready?: { signature: string };
  fatal?: string;
}

async function greet(worker: string): Promise<Greeting> {
  const child = spawn(process.execPath, [worker], {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: patience,
    env: { ...process.env, NODE_PATH: nodePath() },
  });
  let said = "";
  child.stderr.on("data", (piece: Buffer) => (said = `${said}${piece.toString()}`.slice(-2000)));
  try {
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Greeting;
    return { fatal: said.trim() };
  } finally {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "close") : undefined;
    child.stdin.destroy();
    child.kill();
    await ended;
  }
}
