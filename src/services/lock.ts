import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { type ProcessIdentity, identify, isAlive } from "./process-identity.ts";

/**
 * Runs `body` while no other process does under the same `path`; waits for one that does. The lock names its
 * holder, so that of a process that was killed is taken over.
 */
export async function withLock<R>(path: string, body: () => Promise<R>): Promise<R> {
  const own = holder();
  while (!(await take(path, own))) await pause(100);
  return held(path, body);
}

/** {@link withLock} where nobody holds the lock; undefined, and `body` is not run, where somebody does. */
export async function withFreeLock<R>(
  path: string,
  body: () => Promise<R>,
): Promise<{ value: R } | undefined> {
  const own = holder();
  // The first try may but clear away what a killed process left.
  if (!(await take(path, own)) && !(await take(path, own))) return undefined;
  return { value: await held(path, body) };
}

function holder(): string {
  return JSON.stringify({ ...identify(process.pid), nonce: Math.random() });
}

async function held<R>(path: string, body: () => Promise<R>): Promise<R> {
  try {
    return await body();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string, own: string): Promise<boolean> {
  // Written aside and linked in place: nobody ever reads a lock that does not yet name its holder.
  const aside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(aside, own, { mode: 0o600 });
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    await removeIfAbandoned(path, aside);
    return false;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Of several processes that find the same abandoned lock, one alone succeeds to rename it. */
async function removeIfAbandoned(path: string, aside: string): Promise<void> {
  const found = await readFile(path, "utf8").catch(() => undefined);
  if (found === undefined || isAlive(JSON.parse(found) as ProcessIdentity)) return;
  const taken = `${aside}.old`;
  try {
    await rename(path, taken);
    // Another process was quicker, and this is its new lock: it goes back.
    if ((await readFile(taken, "utf8")) !== found) await link(taken, path);
  } catch {
    // It has gone already; the next try sees.
  } finally {
    await rm(taken, { force: true });
  }
}
