/** Who asks: a search sees the documents that belong to at least one of these groups, and no others. */
export interface Principal {
  /** For the audit. */
  readonly id: string;
  readonly groups: readonly string[];
}

/** Where a passage was read. Pages and rows count from 1; the header of a table is not a row. */
export interface Source {
  readonly file?: string | undefined;
  readonly page?: number | undefined;
  readonly row?: number | undefined;
}

/** A piece of a document that a search found. */
export interface Passage {
  /** The document's, or the chunk's: `manual.pdf#3`. */
  readonly id: string;
  readonly text: string;
  readonly source: Source;
  /** What else the document's row held: component, aircraft, date. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the passages are ordered by, best first: comparable within one search only. */
  readonly score: number;
  /** Cosine of the angle between query and passage, -1 to 1; absent where only words were compared. */
  readonly similarity?: number | undefined;
}

/** A value that a filter compares with. Dates are compared as the text they are stored as (ISO 8601). */
export type FilterValue = string | number | boolean;

/** What a field must be: a value, `null` for missing, or bounds and choices that must all hold. */
export type FieldCondition =
  | FilterValue
  | null
  | {
      readonly not?: FilterValue | null;
      readonly in?: readonly FilterValue[];
      readonly min?: number | string;
      readonly max?: number | string;
    };

/** Conditions by field; all must hold. Field names and values are data, never part of a query's text. */
export type Filter = Readonly<Record<string, FieldCondition>>;

/** How a search compares: meaning, words, or both with their ranks fused. */
export type SearchMode = "vector" | "text" | "hybrid";

/** What a search takes beside the query. */
export interface SearchOptions {
  /** Passages wanted. Default 5. */
  k?: number | undefined;
  /** Default `hybrid`. */
  mode?: SearchMode | undefined;
  filter?: Filter | undefined;
  /** Default: that of the call (`program.call(inputs, { principal })`) or of `configure`. Without any, nothing is found. */
  principal?: Principal | undefined;
  signal?: AbortSignal | undefined;
}

/** Anything that finds passages: an index on this machine, one of Databricks, a function of your own. */
export interface Retriever {
  readonly name: string;
  /** The passages that fit best, best first. */
  search(query: string, options?: SearchOptions): Promise<Passage[]>;
}
