import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { readLines } from "../core/index.ts";

/** What a row was answered: a value for each output, or what was thrown. */
export interface Answer {
  outputs: Readonly<Record<string, unknown>>;
  error: string | null;
}

interface Header {
  fingerprint: string;
  /** No row is written later than one that comes this many rows after it. */
  window: number;
}

interface Entry extends Answer {
  index: number;
  /** True where no answer could be had: the next run asks again. */
  outage?: boolean;
}

/** The answers of one run, in about the order of the rows. */
class Run {
  readonly #lines: Generator<string, void>;
  readonly #ahead = new Map<number, Entry>();
  readonly header: Header | undefined;
  #furthest = -1;

  constructor(path: string) {
    this.#lines = readLines(path);
    const first = this.#lines.next();
    this.header = first.done ? undefined : readJson<Header>(first.value);
  }

  /** What the row at `index` was answered. Rows are asked for in their order; memory holds one window of them. */
  take(index: number): Entry | undefined {
    const enough = index + (this.header?.window ?? 0);
    while (this.#furthest < enough && !this.#ahead.has(index)) {
      const step = this.#lines.next();
      if (step.done) {
        this.#furthest = Infinity;
        break;
      }
      const entry = readJson<Entry>(step.value);
      if (entry === undefined || entry.index < index) continue;
      this.#ahead.set(entry.index, entry);
      this.#furthest = Math.max(this.#furthest, entry.index);
    }
    const entry = this.#ahead.get(index);
    this.#ahead.delete(index);
    return entry;
  }

  close(): void {
    this.#lines.return();
  }
}

/**
 * The answers of a map, written aside as they come, so that a run that was killed can go on: a folder with one file
 * of JSON Lines for each run, headed by the fingerprint of what is mapped.
 */
export class AnswerJournal {
  readonly #folder: string;
  readonly #earlier: readonly Run[];
  readonly #file: number;
  #closed = false;

  /**
   * Begins a run. What stands in `folder` of other rows, another program or another model is removed, with a
   * warning.
   */
  constructor(folder: string, header: Header) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    const found = readdirSync(folder)
      .filter((name) => /^\d+\.jsonl$/.test(name))
      .sort((a, b) => parseInt(a) - parseInt(b));
    const runs = found.map((name) => new Run(join(folder, name)));
    const foreign = runs.some(
      (run) => run.header !== undefined && run.header.fingerprint !== header.fingerprint,
    );
    if (foreign) {
      process.emitWarning(
        `${folder} holds answers for other rows, another program or another model; they are thrown away and the map starts anew`,
      );
      for (const run of runs) run.close();
      for (const name of found) rmSync(join(folder, name));
    }
    this.#earlier = foreign ? [] : runs.filter((run) => run.header !== undefined).reverse();
    this.#file = openSync(join(folder, `${parseInt(found.at(-1) ?? "0") + 1}.jsonl`), "wx");
    this.#append(header);
  }

  /** What an earlier run was answered for a row. To be asked for every row, in order. */
  take(index: number): Answer | undefined {
    let found: Entry | undefined;
    for (const run of this.#earlier) {
      const entry = run.take(index);
      if (entry && !entry.outage) found ??= entry;
    }
    return found;
  }

  /** Keeps an answer. */
  write(index: number, answer: Answer, outage: boolean): void {
    this.#append({ index, ...answer, ...(outage && { outage }) });
  }

  /** Ends the run; the next one goes on from it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const run of this.#earlier) run.close();
    closeSync(this.#file);
  }

  /** Ends the run, and removes what is no longer needed once the result is written. */
  remove(): void {
    this.close();
    rmSync(this.#folder, { recursive: true });
  }

  #append(value: Header | Entry): void {
    // A row that was under way when the run stopped may still come in.
    if (!this.#closed) writeSync(this.#file, `${JSON.stringify(value)}\n`);
  }
}

/** A line that was cut counts as never written. */
function readJson<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}
