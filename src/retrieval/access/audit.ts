import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { redactor } from "../../core/index.ts";
import type { Principal } from "../../modules/index.ts";

/** What the audit keeps of one search or change. Never the text of a document. */
export interface AuditEntry {
  readonly action: "search" | "upload" | "upsert" | "sync" | "delete" | "compact";
  /** On whose behalf; absent where the owner of the index acts. */
  readonly principal?: Principal | undefined;
  /** Whom the documents belong to that were changed. */
  readonly groups?: readonly string[] | undefined;
  readonly query?: string | undefined;
  readonly mode?: string | undefined;
  readonly k?: number | undefined;
  /** How many passages were given. */
  readonly hits?: number | undefined;
  /** How many documents were changed, by what was done to them. */
  readonly changes?: Readonly<Record<string, number>> | undefined;
  /** The name of what was thrown, where it failed. */
  readonly error?: string | undefined;
}

/** Appends a line of JSON to the audit of the index in `folder`, with the time. Keys and tokens are taken out. */
export async function audit(folder: string, entry: AuditEntry): Promise<void> {
  const line = redactor().value({ time: new Date().toISOString(), ...entry });
  await appendFile(join(folder, "audit.jsonl"), `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

/** Runs `body` and audits it by what it gave; what throws is audited by the name of its error, and thrown on. */
export async function audited<T>(
  folder: string,
  entry: AuditEntry,
  body: () => Promise<T>,
  outcome: (result: T) => Partial<AuditEntry>,
): Promise<T> {
  let result: T;
  try {
    result = await body();
  } catch (error) {
    await audit(folder, { ...entry, error: error instanceof Error ? error.name : "Error" });
    throw error;
  }
  await audit(folder, { ...entry, ...outcome(result) });
  return result;
}
