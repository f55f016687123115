import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { readLines } from "../../core/index.ts";

/** What a request of a batch was answered: an HTTP status and a body. */
export interface BatchAnswer {
  status: number;
  body: unknown;
}

/** A batch that was sent off, or was about to be. */
export interface SentBatch {
  /** Its mark at the endpoint, by which it is found where its id was never written down. */
  mark: string;
  /** Undefined where the process ended before the endpoint's answer. */
  id: string | undefined;
  /** Of the requests in it. */
  keys: readonly string[];
}

type Entry =
  | { sending: string; keys: readonly string[] }
  | { sent: string; id: string }
  | { ended: string }
  | { key: string; answer: BatchAnswer };

/** What was sent and answered so far, as JSON Lines, so that another process can go on. */
export class BatchJournal {
  readonly #path: string;
  readonly #answers = new Map<string, BatchAnswer>();
  readonly #open = new Map<string, SentBatch>();

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) return;
    for (const line of readLines(path)) this.#take(line);
  }

  /** Batches that were sent and have not ended yet. */
  get open(): readonly SentBatch[] {
    return [...this.#open.values()];
  }

  answer(key: string): BatchAnswer | undefined {
    return this.#answers.get(key);
  }

  /** Before a batch is made. */
  sending(mark: string, keys: readonly string[]): void {
    this.#write({ sending: mark, keys });
  }

  sent(mark: string, id: string): void {
    this.#write({ sent: mark, id });
  }

  /** After a batch's answers were written. */
  ended(mark: string): void {
    this.#write({ ended: mark });
  }

  answered(answers: readonly (readonly [key: string, answer: BatchAnswer])[]): void {
    this.#write(...answers.map(([key, answer]) => ({ key, answer })));
  }

  #write(...entries: readonly Entry[]): void {
    appendFileSync(this.#path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    for (const entry of entries) this.#apply(entry);
  }

  /** A line that was cut counts as never written. */
  #take(line: string): void {
    let entry: Entry;
    try {
      entry = JSON.parse(line) as Entry;
    } catch {
      return;
    }
    this.#apply(entry);
  }

  #apply(entry: Entry): void {
    if ("sending" in entry)
      this.#open.set(entry.sending, { mark: entry.sending, id: undefined, keys: entry.keys });
    else if ("sent" in entry) {
      const batch = this.#open.get(entry.sent);
      if (batch) this.#open.set(entry.sent, { ...batch, id: entry.id });
    } else if ("ended" in entry) this.#open.delete(entry.ended);
    else this.#answers.set(entry.key, entry.answer);
  }
}
