import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { identify, isAlive } from "../../src/services/process-identity.ts";
import { freePort, isFree, startDetached, stopTree } from "../../src/services/process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmframe-process-"));
});
afterAll(() => rm(folder, { recursive: true }));

const node = (code: string) => ({ program: process.execPath, args: ["-e", code] });

test("a process is told apart from a later one with the same number", () => {
  const self = identify(process.pid);
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, birth: "another time" })).toBe(false);
});

test("stopping ends descendants too, and leaves a stranger with the recorded number alone", async () => {
  const log = join(folder, "tree.log");
  const parent = await startDetached(
    node(`
      const { pid } = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      console.log(pid);
      setInterval(() => {}, 1000);`),
    log,
  );
  const child = await vi.waitFor(() => {
    const pid = Number(readFileSync(log, "utf8"));
    expect(pid).toBeGreaterThan(0);
    return identify(pid);
  }, 10_000);

  await stopTree({ pid: parent.pid, birth: "another time" }, 1);
  expect(isAlive(parent)).toBe(true);
  await stopTree(parent);
  expect([isAlive(parent), isAlive(child)]).toEqual([false, false]);
});

test("what does not end when asked is forced", async () => {
  const log = join(folder, "deaf.log");
  const deaf = await startDetached(
    node(`process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000);`),
    log,
  );
  await vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain("deaf"), 10_000);
  await stopTree(deaf, 0.2);
  await vi.waitFor(() => expect(isAlive(deaf)).toBe(false));
});

test("the user's key does not reach a service", async () => {
  vi.stubEnv("OPENAI_API_KEY", "sk-not-for-services");
  const log = join(folder, "environment.log");
  const child = await startDetached(node("console.log(JSON.stringify(process.env))"), log);
  await vi.waitFor(() => expect(isAlive(child)).toBe(false), 10_000);
  vi.unstubAllEnvs();
  expect(readFileSync(log, "utf8")).toContain("PATH");
  expect(readFileSync(log, "utf8")).not.toContain("sk-not-for-services");
});

test("a program that is not there is the system's error", async () => {
  const missing = startDetached({ program: join(folder, "missing"), args: [] }, join(folder, "missing.log"));
  await expect(missing).rejects.toThrow("ENOENT");
});

test("a free port is free, and a taken one is not", async () => {
  const port = await freePort();
  expect(await isFree(port)).toBe(true);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  expect(await isFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});
