import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { afterEach, expect, test } from "vitest";
import { embeddedModelService } from "../../src/services/embedded-model.ts";
import {
  filesOf,
  findOrStart,
  findService,
  type LocalService,
  stopService,
} from "../../src/services/local-service.ts";
import { identify, isAlive } from "../../src/services/process-identity.ts";
import { freePort } from "../../src/services/process.ts";
import { readRecord, writeRecord } from "../../src/services/record.ts";
import { ownHomeEach } from "../support/own-home.ts";

// The embedded model's own proof, before a server that starts at once.
const keyedServer = `
  const [port] = process.argv.slice(1);
  require("node:http").createServer((request, response) => {
    response.statusCode = request.headers.authorization === "Bearer " + process.env.KEY ? 200 : 401;
    response.end();
  }).listen(Number(port), "127.0.0.1");`;

function serviceOf(code: string, patience = 20): LocalService {
  return {
    ...embeddedModelService,
    patience,
    prepare: async (port) => ({
      command: { program: process.execPath, args: ["-e", code, String(port)], env: { KEY: "right" } },
      facts: { key: "right" },
    }),
  };
}

const service = serviceOf(keyedServer);

ownHomeEach();

const strangers: Server[] = [];
const bystanders: ChildProcess[] = [];
afterEach(async () => {
  for (const stranger of strangers.splice(0)) {
    stranger.closeAllConnections();
    await new Promise((resolve) => stranger.close(resolve));
  }
  for (const bystander of bystanders.splice(0)) bystander.kill("SIGKILL");
});

/** A server of somebody else that says yes to everything, and the keys it heard. */
async function stranger(): Promise<{ port: number; heard: (string | undefined)[] }> {
  const heard: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    heard.push(request.headers.authorization);
    response.end("OK");
  });
  strangers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, heard };
}

test("is started once and found again", async () => {
  expect(await findService(service)).toBeUndefined();
  const first = await findOrStart(service);
  expect(await findOrStart(service)).toEqual(first);
  expect(await findService(service)).toEqual(first);
});

test("of many who ask at once, one starts it", async () => {
  const records = await Promise.all(Array.from({ length: 5 }, () => findOrStart(service)));
  expect(new Set(records.map(({ pid }) => pid)).size).toBe(1);
});

test("is started again after it was killed", async () => {
  const first = await findOrStart(service);
  process.kill(first.pid, "SIGKILL");
  const second = await findOrStart(service);
  expect(second.pid).not.toBe(first.pid);
  expect(isAlive(second)).toBe(true);
});

test("a stranger on the port of a service that has ended is refused, and never hears the key", async () => {
  const { port, heard } = await stranger();
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  mkdirSync(dirname(filesOf("model").record), { recursive: true });
  await writeRecord(filesOf("model").record, {
    pid: gone.pid!,
    birth: "1",
    port,
    startedAt: 1,
    key: "right",
  });

  expect(await findService(service)).toBeUndefined();
  expect((await findOrStart(service)).port).not.toBe(port);
  expect(heard).not.toContain("Bearer right");
});

test("a live process beside a stranger that takes any key is no proof", async () => {
  const { port, heard } = await stranger();
  expect(await embeddedModelService.answers({ pid: process.pid, port, startedAt: 1, key: "right" }, "")).toBe(
    false,
  );
  expect(heard).not.toContain("Bearer right");
});

test("a number that another process was given since is not ours to stop", async () => {
  const bystander = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true });
  bystanders.push(bystander);
  await once(bystander, "spawn");
  mkdirSync(dirname(filesOf("model").record), { recursive: true });
  await writeRecord(filesOf("model").record, {
    pid: bystander.pid!,
    birth: "long ago",
    port: await freePort(),
    startedAt: 1,
    key: "right",
  });
  expect(await stopService(service)).toBe(true);
  expect(isAlive(identify(bystander.pid!))).toBe(true);
});

test("stopping leaves neither process nor record, and says whether there was one", async () => {
  const record = await findOrStart(service);
  expect(await stopService(service)).toBe(true);
  expect(isAlive(record)).toBe(false);
  expect(await readRecord(filesOf("model").record)).toBeUndefined();
  expect(await stopService(service)).toBe(false);
});

test("one that ends at once fails with what it wrote and with a remedy", async () => {
  const broken = serviceOf(`console.error("no such model"); process.exit(3)`);
  await expect(findOrStart(broken)).rejects.toThrow(/ended at once[^]*no such model[^]*OPENAI_BASE_URL/);
  expect(await readRecord(filesOf("model").record)).toBeUndefined();
});

test("one that never answers is stopped", async () => {
  const mute = serviceOf(`console.log(process.pid); setInterval(() => {}, 1000)`, 0.5);
  const failure = (await findOrStart(mute).catch((error: unknown) => error)) as Error;
  expect(failure.message).toContain("did not answer within 0.5 s");
  const pid = Number(/^(\d+)$/m.exec(failure.message)?.[1]);
  expect(isAlive(identify(pid))).toBe(false);
});

test("a port that was taken between its choice and its use is given up for another", async () => {
  let attempts = 0;
  const { port: taken } = await stranger();
  const unlucky: LocalService = {
    ...service,
    prepare: async (port) => {
      const prepared = await service.prepare(port);
      if (attempts++ > 0) return prepared;
      // Somebody takes it now: the first start finds its port in use.
      const server = createServer((_, response) => response.end());
      strangers.push(server);
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      return prepared;
    },
  };
  const record = await findOrStart(unlucky);
  expect(attempts).toBe(2);
  expect(record.port).not.toBe(taken);
});
