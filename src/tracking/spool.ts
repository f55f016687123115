import { createHash } from "node:crypto";
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { privateFolder } from "../services/home.ts";
import { identify, isAlive } from "../services/process-identity.ts";
import type { Operation } from "./operation.ts";

/** First line of a spool file. */
export interface SpoolHeader {
  version: 1;
  /** Of the run or traces, for people. */
  name: string;
  /** Address of the server it is for, without credentials; null: the project's local one. */
  server: string | null;
}

/** What the server gave for a run. */
export interface KnownRun {
  id: string;
  experimentId: string;
  artifactRoot: string;
}

/** How far sending got. Written after each answer, so that a cut loses at most one. */
type Progress =
  /** A run is about to be made; where nothing follows, the server may or may not have it. */
  | { trying: string }
  | { made: string; run: KnownRun }
  /** So many operations are done, counted from the first. */
  | { done: number; refused?: string }
  /** The server does not know the runs it made (it is another, or lost them): all is to be sent again. */
  | { afresh: true };

/** Seconds after which the claim of another machine, on a shared disk, counts as abandoned. */
const foreignPatience = 900;

const ending = ".jsonl";
const held = new Set<string>();
let counter = 0;

/**
 * What is being logged, on disk before it is sent: a private file of JSON lines, one for each operation, and one
 * for each step of progress. Who works on it holds it by its name, which renaming makes one process's at a time;
 * that of a process that was killed is free again.
 */
export class SpoolFile {
  readonly header: SpoolHeader;
  readonly operations: Operation[];
  /** Operations that are done, counted from the first. */
  done = 0;
  readonly runs = new Map<string, KnownRun>();
  /** How often the making of a run was begun, by its key. */
  readonly tries = new Map<string, number>();
  /** What the server will never take, in its words. */
  readonly refused: string[] = [];
  readonly #folder: string;
  readonly #id: string;
  #path: string;

  private constructor(folder: string, id: string, path: string, lines: readonly unknown[]) {
    this.#folder = folder;
    this.#id = id;
    this.#path = path;
    this.header = lines[0] as SpoolHeader;
    this.operations = [];
    for (const line of lines.slice(1) as (Operation | Progress)[]) {
      if ("do" in line) this.operations.push(line);
      else this.#advance(line);
    }
    held.add(path);
  }

  /** Makes a file that this process holds, whole from its first moment. */
  static async create(header: SpoolHeader, operations: readonly Operation[] = []): Promise<SpoolFile> {
    const folder = await privateFolder("spool");
    // Names sort by time, so that a parent goes before its children.
    const id = `${Date.now().toString().padStart(14, "0")}-${String(counter++ % 1e6).padStart(6, "0")}-${process.pid}`;
    const path = join(folder, `${id}.${claimant(process.pid)}`);
    const aside = `${path}.tmp`;
    const lines = [header, ...operations];
    writeFileSync(aside, lines.map((line) => `${JSON.stringify(line)}\n`).join(""), { mode: 0o600 });
    renameSync(aside, path);
    return new SpoolFile(folder, id, path, lines);
  }

  /** The next file, by age, that waits and is after `after`; this process holds it from then on. */
  static async next(after = ""): Promise<SpoolFile | undefined> {
    const folder = await privateFolder("spool");
    for (const name of (await readdir(folder)).sort()) {
      const [id = "", claim = ""] = splitName(name);
      if (id <= after) continue;
      const path = join(folder, name);
      if (`.${claim}` !== ending && !isAbandoned(path, claim)) continue;
      const own = join(folder, `${id}.${claimant(process.pid)}`);
      try {
        renameSync(path, own);
      } catch {
        continue; // Another process was quicker.
      }
      const lines = readLines(own);
      if ((lines[0] as Partial<SpoolHeader> | undefined)?.version === 1) {
        return new SpoolFile(folder, id, own, lines);
      }
      process.emitWarning(`${own} is not a spool file of this version of lmframe: it is set aside`);
      renameSync(own, join(folder, `${id}.aside`));
    }
    return undefined;
  }

  /** Where it stands in the order of age; for {@link SpoolFile.next}. */
  get id(): string {
    return this.#id;
  }

  /** Adds an operation. */
  append(operation: Operation): void {
    this.#write(operation);
    this.operations.push(operation);
  }

  /** Notes progress. */
  note(progress: Progress): void {
    this.#write(progress);
    this.#advance(progress);
  }

  /** When it was last written to, in milliseconds since the epoch. */
  get changedAt(): number {
    return statSync(this.#path).mtimeMs;
  }

  /** Leaves it to whoever syncs next. */
  release(): void {
    const waiting = join(this.#folder, `${this.#id}${ending}`);
    renameSync(this.#path, waiting);
    held.delete(this.#path);
    this.#path = waiting;
  }

  /** Everything is sent. */
  remove(): void {
    rmSync(this.#path, { force: true });
    held.delete(this.#path);
  }

  #write(line: Operation | Progress): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }

  #advance(progress: Progress): void {
    if ("trying" in progress) this.tries.set(progress.trying, (this.tries.get(progress.trying) ?? 0) + 1);
    else if ("made" in progress) this.runs.set(progress.made, progress.run);
    else if ("afresh" in progress) {
      this.done = 0;
      this.runs.clear();
      this.refused.length = 0;
    } else {
      this.done = progress.done;
      if (progress.refused !== undefined) this.refused.push(progress.refused);
    }
  }
}

/** Every line that is whole; one that was cut as its process died was never acted on. */
function readLines(path: string): unknown[] {
  const { atime, mtime } = statSync(path);
  const text = readFileSync(path, "utf8");
  if (text !== "" && !text.endsWith("\n")) {
    appendFileSync(path, "\n");
    utimesSync(path, atime, mtime);
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

function splitName(name: string): [string, string] {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Names a process of this machine, told apart from a later one of the same number. */
function claimant(pid: number): string {
  return `${pid}-${short(identify(pid).birth ?? "")}-${short(hostname())}`;
}

function isAbandoned(path: string, claim: string): boolean {
  const [, pid, , host] = /^(\d+)-(\w{8})-(\w{8})$/.exec(claim) ?? [];
  if (pid === undefined) return false;
  if (host !== short(hostname())) {
    try {
      return Date.now() - statSync(path).mtimeMs > foreignPatience * 1000;
    } catch {
      return false;
    }
  }
  if (claim === claimant(process.pid)) return !held.has(path);
  return claim !== claimant(Number(pid)) || !isAlive(identify(Number(pid)));
}
