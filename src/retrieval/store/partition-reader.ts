import type { Query, Table, VectorQuery } from "@lancedb/lancedb";
import type { Passage } from "../../modules/index.ts";
import type { Lance } from "./lance.ts";
import type { PartitionEntry } from "./manifest.ts";
import type { Extra } from "./stored-document.ts";

/** A document that one way of searching found. Higher scores are better. */
export interface Hit extends Omit<Passage, "similarity"> {
  /** Tells apart documents of one id that belong to different groups. */
  readonly key: string;
  /** Where the way of searching read it. */
  readonly vector: Float32Array | undefined;
}

/** How a search in one partition is bounded. */
export interface Bounds {
  readonly limit: number;
  /** SQL; the empty text for all. */
  readonly where: string;
}

interface Row {
  id: string;
  text: string;
  extra: string;
  vector?: Iterable<number> | null;
  _distance?: number;
  _score?: number;
}

/** Searches one partition, as it was at the version of its entry. */
export class PartitionReader {
  readonly entry: PartitionEntry;
  readonly #lance: Lance;
  readonly #table: Table;

  constructor(lance: Lance, table: Table, entry: PartitionEntry) {
    this.#lance = lance;
    this.#table = table;
    this.entry = entry;
  }

  /** How many documents there are. */
  count(): Promise<number> {
    return this.#table.countRows();
  }

  /** The documents with the nearest vectors by cosine, scored by it. A vector of zeros is near to nothing. */
  async nearest(vector: Float32Array, bounds: Bounds): Promise<Hit[]> {
    if (!vector.some((number) => number !== 0)) return [];
    const ask = () =>
      this.#table
        .vectorSearch(vector)
        .distanceType("cosine")
        .select([...columns, "vector", "_distance"]);
    const hits = await best(ask, bounds, (row) => 1 - row._distance!, this.entry.table);
    return hits.map((hit) => ({ ...hit, score: cosine(vector, hit.vector!) }));
  }

  /** The documents that share words with the query, scored by BM25 with the statistics of this partition. */
  matching(query: string, bounds: Bounds, withVectors: boolean): Promise<Hit[]> {
    const { MatchQuery } = this.#lance.db;
    const selected = [...columns, ...(withVectors ? ["vector"] : []), "_score"];
    // A query object, for a text would be read for operators.
    const ask = () => this.#table.query().fullTextSearch(new MatchQuery(query, "words")).select(selected);
    return best(ask, bounds, (row) => row._score!, this.entry.table);
  }
}

const columns = ["id", "text", "extra"];

/**
 * The best hits in order, equal ones in order of their ids. More than are wanted are asked for until it is certain
 * which of several equal ones are the last: LanceDB takes any.
 */
async function best(
  ask: () => Query | VectorQuery,
  { limit, where }: Bounds,
  scoreOf: (row: Row) => number,
  table: string,
): Promise<Hit[]> {
  for (let asked = limit + 1; ; asked *= 2) {
    const query = where === "" ? ask() : ask().where(where);
    const rows = (await query.limit(asked).toArray()) as Row[];
    const scores = rows.map(scoreOf).sort((a, b) => b - a);
    if (rows.length === asked && scores[limit - 1] === scores.at(-1)) continue;
    return rows
      .map((row) => ({ ...readRow(row), score: scoreOf(row), key: `${row.id} ${table}` }))
      .sort(byScore)
      .slice(0, limit);
  }
}

/** Best first; equal ones in the order of their keys, so that a search gives the same whenever it is made. */
export function byScore(a: Hit, b: Hit): number {
  return b.score - a.score || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function readRow({ id, text, extra, vector }: Row) {
  const { source, fields } = JSON.parse(extra) as Extra;
  return { id, text, source, fields, vector: vector ? Float32Array.from(vector) : undefined };
}

/** Of vectors of length 1, or 0 where one holds nothing. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return Math.max(-1, Math.min(1, sum));
}
