import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { readLines } from "../core/index.ts";
import { makeFolderOf, ownFile } from "./own-file.ts";

/** What somebody thought of an answer. */
export interface Feedback {
  readonly question: string;
  readonly answer: string;
  /** 1 to 5; from 4 on the answer was good. */
  readonly rating: number;
  /** ISO 8601. */
  readonly timestamp: string;
  /** What the answer rested on: passages, their ids, or whatever the caller keeps. */
  readonly context?: unknown;
  readonly comment?: string | undefined;
  /** Who rated, and the groups they were of: a program that learns of it may learn what these groups may see. */
  readonly principal?: { readonly id: string; readonly groups: readonly string[] } | undefined;
  /** Which version of a program that improves itself gave the answer. */
  readonly version?: number | undefined;
  /** MLflow's id of the answer's trace, where its rater named it; the rating is put there too. */
  readonly trace?: string | undefined;
}

/** Feedback, a line of JSON each, in a file for this user alone. What was taken is on the disk. */
export class FeedbackLog {
  readonly file: string;
  #last: Promise<unknown> = Promise.resolve();

  /** @param file - default: `serving/feedback.jsonl` in the project's `.lmframe`. */
  constructor(file: string = ownFile("feedback.jsonl")) {
    this.file = file;
  }

  /** Adds one; done once it cannot be lost. */
  add(feedback: Feedback): Promise<void> {
    const written = this.#last.then(() => this.#write(`${JSON.stringify(feedback)}\n`));
    this.#last = written.catch(() => undefined);
    return written;
  }

  /** All there is, oldest first; memory stays flat. A line that was cut as its process died was never taken. */
  *read(): Generator<Feedback, void> {
    if (!existsSync(this.file)) return;
    for (const line of readLines(this.file)) {
      const feedback = read(line);
      if (feedback) yield feedback;
    }
  }

  async #write(line: string): Promise<void> {
    await makeFolderOf(this.file);
    const file = await open(this.file, "a+", 0o600);
    try {
      await file.appendFile((await isCut(file)) ? `\n${line}` : line);
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

/** Whether the last line has no end: the process that wrote it died. */
async function isCut(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

function read(line: string): Feedback | undefined {
  try {
    return JSON.parse(line) as Feedback;
  } catch {
    return undefined;
  }
}
