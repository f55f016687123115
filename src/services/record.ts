import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { ProcessIdentity } from "./process-identity.ts";

/** What is written down of a service that was started, for the next process to find it. */
export interface ServiceRecord extends ProcessIdentity {
  readonly port: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What it asks of its callers, where it asks anything. */
  readonly key?: string;
  /** What it serves, where that matters: for a model, the hash of its file. */
  readonly identity?: string;
}

/** The record in `file`; undefined where there is none, or none that can be read. */
export async function readRecord(file: string): Promise<ServiceRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(file, "utf8")) as Partial<ServiceRecord>;
    const whole = [record.pid, record.port, record.startedAt].every(
      (value) => Number.isSafeInteger(value) && value! > 0,
    );
    return whole ? (record as ServiceRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes `record` so that only this user can read it, and nobody ever reads half of it. */
export async function writeRecord(file: string, record: ServiceRecord): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, JSON.stringify(record, null, 2), { mode: 0o600 });
  await rename(aside, file);
}

export async function removeRecord(file: string): Promise<void> {
  await rm(file, { force: true });
}
