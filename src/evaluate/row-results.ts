import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLines } from "../core/index.ts";
import type { Rollout } from "./rollout.ts";

/** One row of an evaluation: what went in, what came out, how it scored. */
export interface RowResult extends Rollout {
  /** Place in the dataset, from 0. */
  index: number;
  /** The whole row, labels included. */
  row: Readonly<Record<string, unknown>>;
  /** Scores of the program's stages, by predictor path, where stage metrics were given. */
  stages: Readonly<Record<string, number>>;
}

const folders = new Set<string>();
let watching = false;

/** Removes the folders of results that were still in use when the process ends. */
function removeAtExit(folder: string): void {
  if (!watching) {
    watching = true;
    process.once("exit", () => {
      for (const left of folders) rmSync(left, { recursive: true, force: true });
    });
  }
  folders.add(folder);
}

/** Removes the folder of results that nobody can ask for any more. */
const abandoned = new FinalizationRegistry<string>((folder) => {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
});

/**
 * The rows of an evaluation in order. Up to 10,000 of a table are kept in memory; beyond that, and of a Scan, all
 * stand in a private temporary file, which goes with them, so that memory stays flat.
 */
export class RowResults implements Iterable<RowResult> {
  readonly #inMemory: number;
  #kept: RowResult[] = [];
  #path: string | undefined;
  #unwritten: string[] = [];
  #length = 0;

  /** @param inMemory - rows kept in memory before all of them move to disk. */
  constructor(inMemory = 10_000) {
    this.#inMemory = inMemory;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds the next row. */
  push(result: RowResult): void {
    this.#length++;
    if (this.#path !== undefined) this.#write(result);
    else {
      this.#kept.push(result);
      if (this.#kept.length > this.#inMemory) this.#moveToDisk();
    }
  }

  /** The rows in order. */
  *[Symbol.iterator](): Generator<RowResult, void> {
    if (this.#path === undefined) {
      yield* this.#kept;
      return;
    }
    this.#flush();
    for (const line of readLines(this.#path)) yield readRow(line);
  }

  #moveToDisk(): void {
    const folder = mkdtempSync(join(tmpdir(), "lmframe-rows-"));
    removeAtExit(folder);
    const path = join(folder, "rows.jsonl");
    writeFileSync(path, "", { flag: "wx", mode: 0o600 });
    this.#path = path;
    abandoned.register(this, folder);
    for (const result of this.#kept) this.#write(result);
    this.#kept = [];
  }

  #write(result: RowResult): void {
    this.#unwritten.push(JSON.stringify(result));
    if (this.#unwritten.length >= 256) this.#flush();
  }

  #flush(): void {
    if (this.#path === undefined || this.#unwritten.length === 0) return;
    appendFileSync(this.#path, `${this.#unwritten.join("\n")}\n`);
    this.#unwritten = [];
  }
}

/** JSON has no NaN: an outage's score is written as null. */
function readRow(line: string): RowResult {
  const row = JSON.parse(line) as RowResult;
  if (row.score === null) row.score = NaN;
  return row;
}
