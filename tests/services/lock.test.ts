import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withFreeLock, withLock } from "../../src/services/lock.ts";
import { startProcess } from "../support/second-process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmframe-lock-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("processes that read, wait and write one after another lose no step", async () => {
  const counter = join(folder, "counter");
  await writeFile(counter, "0");
  const step = `
    import { readFile, writeFile } from "node:fs/promises";
    import { setTimeout as pause } from "node:timers/promises";
    import { withLock } from "$services/lock.ts";
    for (let i = 0; i < 5; i++) {
      await withLock(${JSON.stringify(join(folder, "counter.lock"))}, async () => {
        const count = Number(await readFile(${JSON.stringify(counter)}, "utf8"));
        await pause(5);
        await writeFile(${JSON.stringify(counter)}, String(count + 1));
      });
    }`;
  await Promise.all([1, 2, 3].map(() => startProcess(step).ended));
  expect(await readFile(counter, "utf8")).toBe("15");
});

test("the lock of a process that was killed is taken over, by one at a time", async () => {
  const lock = join(folder, "abandoned.lock");
  const { child, ended } = startProcess(`
    import { withLock } from "$services/lock.ts";
    await withLock(${JSON.stringify(lock)}, () => { process.kill(process.pid, "SIGKILL"); return new Promise(() => {}); });`);
  await expect(ended).rejects.toThrow();
  expect(child.signalCode).toBe("SIGKILL");
  expect(existsSync(lock)).toBe(true);

  let inside = 0;
  let most = 0;
  const body = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 10));
    inside--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(lock, body)));
  expect(most).toBe(1);
  expect(existsSync(lock)).toBe(false);
});

test("a body that throws releases the lock", async () => {
  const lock = join(folder, "thrown.lock");
  await expect(withLock(lock, () => Promise.reject(new Error("inside")))).rejects.toThrow("inside");
  expect(existsSync(lock)).toBe(false);
});

test("who does not wait is told at once whether the lock was free, also of one that was killed", async () => {
  const lock = join(folder, "free.lock");
  await withLock(lock, async () => {
    expect(await withFreeLock(lock, () => Promise.reject(new Error("not run")))).toBeUndefined();
  });
  const { ended } = startProcess(`
    import { withLock } from "$services/lock.ts";
    await withLock(${JSON.stringify(lock)}, () => { process.kill(process.pid, "SIGKILL"); return new Promise(() => {}); });`);
  await expect(ended).rejects.toThrow();
  expect(await withFreeLock(lock, async () => "done")).toEqual({ value: "done" });
  expect(existsSync(lock)).toBe(false);
});
