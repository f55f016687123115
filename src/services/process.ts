import { execFileSync, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { birthOf, identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

const windows = process.platform === "win32";

/** A program to start: its key, where it takes one, is in `env`, never in `args`, which every user can list. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts `command` in a process group of its own, which outlives this process; what it writes goes to the file
 * `log`, made anew and private. Throws the system's error where it cannot be started at all.
 */
export async function startDetached(command: Command, log: string): Promise<ProcessIdentity> {
  const file = await open(log, "w", 0o600);
  try {
    // Whatever else the service may do, it has no use for the user's key.
    const { OPENAI_API_KEY: _, ...env } = process.env;
    const child = spawn(command.program, command.args, {
      detached: true,
      windowsHide: true,
      stdio: ["ignore", file.fd, file.fd],
      env: { ...env, ...command.env },
    });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return identify(child.pid!);
  } finally {
    await file.close();
  }
}

/** Ends a process and its descendants: asked first, forced after `patience` seconds (default 10). */
export async function stopTree(identity: ProcessIdentity, patience = 10): Promise<void> {
  signalTree(identity, "SIGTERM");
  const deadline = Date.now() + patience * 1000;
  while (treeLives(identity) && Date.now() < deadline) await pause(50);
  if (treeLives(identity)) signalTree(identity, "SIGKILL");
}

function signalTree(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!treeLives(identity)) return;
  try {
    if (windows) execFileSync("taskkill", ["/pid", String(identity.pid), "/T", "/F"], { stdio: "ignore" });
    else process.kill(-identity.pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/**
 * True while the process or one of its group lives. A number stays taken as long as its group lives, so a
 * group without its first process is still that process's own; one whose first process is another is not.
 */
function treeLives(identity: ProcessIdentity): boolean {
  if (isAlive(identity)) return true;
  if (windows || birthOf(identity.pid) !== undefined) return false;
  try {
    return process.kill(-identity.pid, 0);
  } catch {
    return false;
  }
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const { port } = await listen(0);
  return port;
}

/** True where `port` of loopback can be had. */
export async function isFree(port: number): Promise<boolean> {
  return listen(port).then(
    () => true,
    () => false,
  );
}

function listen(port: number): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address() as { port: number };
      server.close(() => resolve(address));
    });
  });
}
