import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { keepSecret, redact, startProgress } from "../core/index.ts";
import { home, privateFolder } from "./home.ts";
import { withLock } from "./lock.ts";
import { watchOwner } from "./owner.ts";
import { isAlive } from "./process-identity.ts";
import { type Command, freePort, isFree, startDetached, stopTree } from "./process.ts";
import { readRecord, removeRecord, type ServiceRecord, writeRecord } from "./record.ts";

/** What a service is to run as a local one: how it starts, and how it proves that it is ours. */
export interface LocalService {
  /** Names its files. */
  readonly name: "mlflow" | "model";
  /** Names it to people. */
  readonly title: string;
  /** Seconds to wait for it to answer. */
  readonly patience: number;
  /** How to start it, and what to write down of it beside its process. */
  prepare(port: number): Promise<{ command: Command; facts?: Pick<ServiceRecord, "key" | "identity"> }>;
  /**
   * True where what listens on the port answers, and answers as only ours can. That the recorded process
   * lives has been seen before. `log` is the beginning of what it wrote.
   */
  answers(record: ServiceRecord, log: string): Promise<boolean>;
  /** The error for a service that did not start; `why` ends with the end of its log. */
  failed(why: string): Error;
}

/** How a local service is started. */
export interface StartOptions {
  /**
   * Number of the process with which the service ends, however that ends; default `LMFRAME_SERVICES_OWNER`,
   * else none: the service runs until it is taken down.
   */
  readonly ownedBy?: number | undefined;
}

/** Where a service's files are. */
export function filesOf(name: LocalService["name"]): { record: string; lock: string; log: string } {
  const stem = join(home(), "services", name);
  return { record: `${stem}.json`, lock: `${stem}.lock`, log: `${stem}.log` };
}

/** The record of the service where it runs, is ours and answers. */
export async function findService(service: LocalService): Promise<ServiceRecord | undefined> {
  const record = await readRecord(filesOf(service.name).record);
  return record && (await isOurs(service, record)) ? record : undefined;
}

/** Finds the service, or starts it. Of several processes that ask at once, one starts it and all find it. */
export async function findOrStart(service: LocalService, options: StartOptions = {}): Promise<ServiceRecord> {
  const record = (await findService(service)) ?? (await startAlone(service, options));
  if (record.key !== undefined) keepSecret(record.key);
  return record;
}

async function startAlone(service: LocalService, options: StartOptions): Promise<ServiceRecord> {
  await privateFolder("services");
  const files = filesOf(service.name);
  return withLock(files.lock, async () => {
    const record = await readRecord(files.record);
    if (record) {
      // Another process may have started it just now, or was killed while it did; or it is only slow.
      if (await settle(service, record, 30)) return record;
      await stopTree(record);
      await removeRecord(files.record);
    }
    return start(service, options);
  });
}

/** Stops the service and gives true; false where none was recorded. What is not ours is left alone. */
export async function stopService(service: LocalService): Promise<boolean> {
  const files = filesOf(service.name);
  if (!(await readRecord(files.record))) return false;
  return withLock(files.lock, async () => {
    const record = await readRecord(files.record);
    if (!record) return false;
    await stopTree(record);
    await removeRecord(files.record);
    return true;
  });
}

async function start(service: LocalService, options: StartOptions): Promise<ServiceRecord> {
  const files = filesOf(service.name);
  const progress = startProgress(`starting ${service.title}`);
  try {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const { command, facts } = await service.prepare(port);
      const identity = await startDetached(command, files.log).catch((error: Error) => {
        throw service.failed(`${command.program} cannot be started: ${error.message}`);
      });
      const record = { ...identity, port, startedAt: Date.now(), ...facts };
      // Written down before it answers: if this process is killed now, the next one still finds it.
      await writeRecord(files.record, record);
      watchOwner(record, options.ownedBy);
      if (await settle(service, record, service.patience)) return record;

      const ended = !isAlive(record);
      await stopTree(record);
      await removeRecord(files.record);
      // Between its choice and its use, another program can have taken the port.
      if (ended && attempt < 3 && !(await isFree(port))) continue;
      const end = (await readFile(files.log, "utf8").catch(() => ""))
        .trim()
        .split("\n")
        .slice(-12)
        .join("\n");
      throw service.failed(
        `${ended ? "it ended at once" : `it did not answer within ${service.patience} s`}; the end of ${files.log}:\n${redact(end)}`,
      );
    }
  } finally {
    progress.end();
  }
}

/** Waits until the service answers; false once it has ended, or after `seconds`. */
async function settle(service: LocalService, record: ServiceRecord, seconds: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (isAlive(record) && Date.now() < deadline) {
    if (await isOurs(service, record)) return true;
    await pause(100);
  }
  return false;
}

async function isOurs(service: LocalService, record: ServiceRecord): Promise<boolean> {
  if (!isAlive(record)) return false;
  return service.answers(record, await beginningOfLog(service)).catch(() => false);
}

/** What the service says as it starts is enough to know it, and a log may grow for weeks. */
async function beginningOfLog(service: LocalService): Promise<string> {
  const file = await open(filesOf(service.name).log).catch(() => undefined);
  if (!file) return "";
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32_768), 0, 32_768, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
