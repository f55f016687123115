import type { Source } from "../modules/index.ts";

/** What is put into an index: one row of a table, one chunk of a file. */
export interface Document {
  /** Names the document among those of the same groups; putting another of the same id replaces it. */
  readonly id: string;
  readonly text: string;
  readonly source?: Source | undefined;
  /** Strings, numbers, booleans or null, to filter by and to show. */
  readonly fields?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}
