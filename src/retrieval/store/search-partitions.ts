import { ConfigurationError, nearest } from "../../core/index.ts";
import {
  callSettings,
  type Filter,
  type Passage,
  type SearchMode,
  type SearchOptions,
} from "../../modules/index.ts";
import { searchedText } from "../searched-text.ts";
import { checkFilter, filterSql } from "./filter-sql.ts";
import { fuseRanks } from "./fuse.ts";
import { byScore, cosine, type Hit, type PartitionReader } from "./partition-reader.ts";

/** A search that was checked. */
export interface Search {
  readonly query: string;
  readonly k: number;
  readonly mode: SearchMode;
  readonly filter: Filter;
  readonly signal: AbortSignal | undefined;
}

const modes: readonly SearchMode[] = ["vector", "text", "hybrid"];

/** How deep the rankings go that are fused; what only one of them holds near its end hardly counts. */
const fusedDepth = (k: number) => Math.max(100, 4 * k);

/** The search with its defaults. Throws ConfigurationError where a part of it is invalid. */
export function checkSearch(query: string, options: SearchOptions): Search {
  const { k = 5, mode = "hybrid", filter = {}, signal = callSettings().signal } = options;
  if (typeof query !== "string") {
    throw new ConfigurationError(`invalid query: ${JSON.stringify(query)}; expected a text`);
  }
  if (!(Number.isInteger(k) && k > 0)) {
    throw new ConfigurationError(`invalid k: ${k}; expected a whole number of passages, at least 1`);
  }
  if (!modes.includes(mode)) {
    const near = nearest(String(mode), modes);
    throw new ConfigurationError(
      `invalid mode: ${JSON.stringify(mode)}${near === undefined ? "" : `; did you mean "${near}"?`} ` +
        `(modes: ${modes.join(", ")})`,
    );
  }
  return { query, k, mode, filter, signal };
}

/**
 * Searches partitions as if they were one: the hits of each way of searching are merged by score, then the two
 * rankings fused where both are wanted. Scores of words come from each partition's own statistics, as in search
 * engines that keep their documents in shards.
 */
export async function searchPartitions(
  partitions: readonly PartitionReader[],
  { query, k, mode, filter, signal }: Search,
  embed: () => Promise<Float32Array>,
): Promise<Passage[]> {
  if (partitions.length === 0) return [];
  const names = partitions.flatMap(({ entry }) => entry.fields.map(({ name }) => name));
  checkFilter(filter, new Set(names));
  const limit = mode === "hybrid" ? fusedDepth(k) : k;
  const everywhere = async (search: (partition: PartitionReader, where: string) => Promise<Hit[]>) => {
    const found = partitions.map((each) => search(each, filterSql(filter, each.entry.fields)));
    return (await Promise.all(found)).flat().sort(byScore).slice(0, limit);
  };
  signal?.throwIfAborted();
  const vector = mode === "text" ? undefined : await embed();
  signal?.throwIfAborted();
  const [near, matching] = await Promise.all([
    vector ? everywhere((each, where) => each.nearest(vector, { limit, where })) : [],
    mode === "vector"
      ? []
      : everywhere((each, where) => each.matching(query, { limit, where }, vector !== undefined)),
  ]);
  signal?.throwIfAborted();
  const hits = mode === "hybrid" ? fuse(query, near, matching) : [...near, ...matching];
  return hits.slice(0, k).map((hit) => passage(hit, vector));
}

function fuse(query: string, near: readonly Hit[], matching: readonly Hit[]): Hit[] {
  const words = matching.map((hit) => ({ key: hit.key, text: searchedText(hit) }));
  const scores = fuseRanks(query, near, words);
  const hits = new Map([...near, ...matching].map((hit) => [hit.key, hit]));
  return [...hits.values()].map((hit) => ({ ...hit, score: scores.get(hit.key)! })).sort(byScore);
}

function passage(hit: Hit, query: Float32Array | undefined): Passage {
  const { id, text, source, fields, score } = hit;
  const found = { id, text, source, fields, score };
  return query && hit.vector ? { ...found, similarity: cosine(query, hit.vector) } : found;
}
