import { createHash } from "node:crypto";
import type { PredictorEdit } from "../modules/index.ts";

/** What a candidate changes of the program: predictor path to the members of its state that differ. */
export type Edits = Readonly<Record<string, PredictorEdit>>;

/** One variant of the program under optimisation. */
export interface Candidate {
  /** Hash of the edits: equal edits are one candidate, whoever proposed them. */
  readonly id: string;
  readonly edits: Edits;
  /** What made it: `base`, `bootstrap`, `reflection`, `merge`. */
  readonly origin: string;
  /** Ids of the candidates it was made from. */
  readonly parents: readonly string[];
}

/** Makes a candidate from its edits. */
export function candidate(edits: Edits, origin: string, parents: readonly string[] = []): Candidate {
  return { id: digest(edits), edits, origin, parents };
}

/** Short content hash of plain data, the same whatever the order of members. */
export function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 16);
}

/** JSON with sorted members; a language model stands for its identity. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    if (key === "lm") return "identity" in member ? member.identity : undefined;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
