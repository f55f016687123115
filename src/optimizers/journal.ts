import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigurationError } from "../core/index.ts";
import type { Rollout } from "../evaluate/index.ts";
import type { Used } from "./budget.ts";

/** What a study writes down. Rollouts and proposals are found again by key; decisions are for people. */
export type JournalEntry =
  | { kind: "rollout"; key: string; result: Rollout }
  | { kind: "proposal"; key: string; outputs: Record<string, unknown> | null; error?: string; used: Used }
  | { kind: "decision"; what: string; data: unknown };

/** What a study is of. A journal is resumed only by a study of the same. */
export type Fingerprint = Readonly<Record<string, string | number>>;

/**
 * The append-only record of a study: JSON Lines in a private file, one line an entry, written as results arrive.
 * A process that is killed loses at most the line it was writing.
 */
export class Journal {
  readonly rollouts = new Map<string, Rollout>();
  readonly proposals = new Map<string, Extract<JournalEntry, { kind: "proposal" }>>();
  #descriptor: number | undefined;
  /** Decisions on disk that were not taken again yet, each as its line, with how often it stands there. */
  readonly #decided = new Map<string, number>();

  /** @param path absent: nothing is written. */
  constructor(path: string | undefined, fingerprint: Fingerprint) {
    if (path === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    this.#descriptor = openSync(path, "a+", 0o600);
    const bytes = readFileSync(path);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length) ftruncateSync(this.#descriptor, whole);
    const [header, ...entries] = bytes.subarray(0, whole).toString("utf8").split("\n").filter(Boolean);
    if (header === undefined) this.#line({ kind: "study", format: 1, fingerprint });
    else requireSame(path, (JSON.parse(header) as { fingerprint?: Fingerprint }).fingerprint, fingerprint);
    for (const line of entries) {
      const entry = JSON.parse(line) as JournalEntry;
      if (entry.kind === "rollout") {
        if (entry.result.score === null) entry.result.score = NaN;
        this.rollouts.set(entry.key, entry.result);
      } else if (entry.kind === "proposal") this.proposals.set(entry.key, entry);
      else this.#decided.set(line, (this.#decided.get(line) ?? 0) + 1);
    }
  }

  /** Writes an entry down; it is safe from the end of the process once this returns. */
  write(entry: JournalEntry): void {
    if (entry.kind === "rollout") this.rollouts.set(entry.key, entry.result);
    else if (entry.kind === "proposal") this.proposals.set(entry.key, entry);
    else if (this.#takenAgain(entry)) return;
    this.#line(entry);
  }

  /** Ends writing. Rows still under way when a study fails are dropped; resumed, they are run again. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /**
   * True for a decision that is on disk already: a resumed study takes its decisions again. With another budget it may
   * take others in between.
   */
  #takenAgain(decision: JournalEntry): boolean {
    const line = JSON.stringify(decision);
    const left = this.#decided.get(line) ?? 0;
    if (left > 0) this.#decided.set(line, left - 1);
    return left > 0;
  }

  #line(value: unknown): void {
    if (this.#descriptor !== undefined) writeSync(this.#descriptor, `${JSON.stringify(value)}\n`);
  }
}

function requireSame(path: string, found: Fingerprint | undefined, expected: Fingerprint): void {
  const differing = Object.keys({ ...found, ...expected }).filter((name) => found?.[name] !== expected[name]);
  if (differing.length === 0) return;
  throw new ConfigurationError(
    `the journal ${path} is of another study; what differs: ${differing.join(", ")}. ` +
      `Give this study a journal of its own, or remove that file to start anew.`,
  );
}
