import type { Query, Table, VectorQuery } from "@lancedb/lancedb";
import type { Table as ArrowTable, Vector } from "apache-arrow";
import type { Passage } from "../../modules/index.ts";
import type { Lance } from "./lance.ts";
import type { PartitionEntry } from "./manifest.ts";
import type { Extra } from "./stored-document.ts";
import { listsSearched } from "./table-indexes.ts";

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

/** Searches one partition, as it was at the version of its entry. */
export class PartitionReader {
  readonly entry: PartitionEntry;
  readonly #lance: Lance;
  readonly #table: Table;
  #codes: Promise<boolean> | undefined;

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
    const coded = await this.#coded();
    const ask = () => {
      const query = this.#table.vectorSearch(vector).distanceType("cosine");
      // The others as well where a filter leaves too few hits in those.
      query.maximumNprobes(allLists).minimumNprobes(listsSearched);
      // Of three times as many by their codes, those whose vectors are nearest.
      if (coded) query.refineFactor(3);
      return query.select([...columns, "vector", "_distance"]);
    };
    const hits = await best(ask, bounds, "_distance", (distance) => 1 - distance, this.entry.table);
    return hits.map((hit) => ({ ...hit, score: cosine(vector, hit.vector!) }));
  }

  /** Whether vectors are found by codes; an index without them compares the vectors themselves. */
  #coded(): Promise<boolean> {
    this.#codes ??= this.#table.indexStats("vector_idx").then((index) => index?.indexType === "IVF_RQ");
    return this.#codes;
  }

  /** The documents that share words with the query, scored by BM25 with the statistics of this partition. */
  matching(query: string, bounds: Bounds, withVectors: boolean): Promise<Hit[]> {
    const { MatchQuery } = this.#lance.db;
    const selected = [...columns, ...(withVectors ? ["vector"] : []), "_score"];
    // A query object, for a text would be read for operators.
    const ask = () => this.#table.query().fullTextSearch(new MatchQuery(query, "words")).select(selected);
    return best(ask, bounds, "_score", (score) => score, this.entry.table);
  }
}

const columns = ["id", "text", "extra"];

/** More than there ever are. */
const allLists = 1e6;

/**
 * The best hits in order, equal ones in order of their ids. More than are wanted are asked for until it is certain
 * which of several equal ones are the last: LanceDB takes any.
 */
async function best(
  ask: () => Query | VectorQuery,
  { limit, where }: Bounds,
  measure: "_distance" | "_score",
  scoreOf: (measured: number) => number,
  table: string,
): Promise<Hit[]> {
  for (let asked = limit + 1; ; asked *= 2) {
    const query = where === "" ? ask() : ask().where(where);
    const found = await query.limit(asked).toArrow();
    const measured = found.getChild(measure)!;
    const scores = Array.from({ length: found.numRows }, (_, row) => scoreOf(measured.get(row) as number));
    const inOrder = [...scores].sort((a, b) => b - a);
    if (scores.length === asked && inOrder[limit - 1] === inOrder.at(-1)) continue;
    return readRows(found)
      .map((row, index) => ({ ...row, score: scores[index]!, key: `${row.id} ${table}` }))
      .sort(byScore)
      .slice(0, limit);
  }
}

/** Best first; equal ones in the order of their keys, so that a search gives the same whenever it is made. */
export function byScore(a: Hit, b: Hit): number {
  return b.score - a.score || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** Vectors are views of what was read: to copy each number of many costs more than to compare them. */
function readRows(found: ArrowTable) {
  const [ids, texts, extras] = columns.map((name) => found.getChild(name)!);
  const vectors = found.getChild("vector");
  return Array.from({ length: found.numRows }, (_, row) => {
    const { source, fields } = JSON.parse(extras!.get(row) as string) as Extra;
    const vector = (vectors?.get(row) as Vector | null | undefined)?.toArray() as Float32Array | undefined;
    return { id: ids!.get(row) as string, text: texts!.get(row) as string, source, fields, vector };
  });
}

/** Of vectors of length 1, or 0 where one holds nothing. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return Math.max(-1, Math.min(1, sum));
}
