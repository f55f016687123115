import type { FtsOptions, Table } from "@lancedb/lancedb";
import type { FixedSizeList } from "apache-arrow";
import type { Lance } from "./lance.ts";

/** From so many rows on vectors are indexed: a search then has them in memory, and reads no file for them. */
const indexedRows = 500;

/** Up to so many bytes of vectors are compared one by one, which is exact and takes milliseconds. */
const mostExactBytes = 200 * 2 ** 20;

/** Lists of vectors that a search looks into, those with the nearest centres. */
export const listsSearched = 32;

/** Rows of a list where all lists are searched. */
const rowsOfList = 4096;

/** Up to so many rows the index of words is made anew with every change, so that its statistics are exact. */
const wordsAnewRows = 20_000;

/** Of more rows, this share may wait outside an index before it is made anew; searches compare them one by one. */
const waitingShare = 0.05;

/** Files a table may have before they are put together; each search opens them all. */
const mostFiles = 32;

/**
 * Brings the indexes of a table up to date after `changed` rows were put or removed.
 *
 * @param exactBytes up to so many bytes of vectors a search is exact. Default 200 MB.
 */
export async function refreshIndexes(
  { db }: Lance,
  table: Table,
  changed: number,
  exactBytes = mostExactBytes,
): Promise<void> {
  const { numRows, fragmentStats } = await table.stats();
  if (fragmentStats.numFragments > mostFiles) await table.optimize({ cleanupOlderThan: new Date(0) });
  const due = async (index: string, always: boolean) => {
    if (always) return true;
    const statistics = await table.indexStats(index);
    return statistics === undefined || statistics.numUnindexedRows + changed > numRows * waitingShare;
  };
  if (await due("words_idx", numRows <= wordsAnewRows)) {
    await table.createIndex("words", { config: db.Index.fts(words) });
  }
  if (numRows >= indexedRows && (await due("vector_idx", false))) {
    const lists = vectorLists(numRows, await dimensionOf(table), exactBytes);
    const config = lists.exact ? db.Index.ivfFlat(lists) : db.Index.ivfRq({ ...lists, numBits: 4 });
    await table.createIndex("vector", { config }).catch((error: Error) => {
      // Where hardly any vector has a direction, no centre can be learnt; searches then compare them as they are.
      if (!error.message.includes("KMeans cannot train")) throw error;
    });
  }
}

/**
 * How vectors are divided into lists. As long as they are few, into so few lists that a search looks into all: what it
 * finds is exact. Beyond, a search looks into some, and compares codes of 4 bits a number before it compares vectors
 * (RaBitQ; Gao et al., SIGMOD 2025), which are made of eight numbers at a time.
 */
function vectorLists(rows: number, dimension: number, exactBytes: number) {
  const exact = rows * dimension * Float32Array.BYTES_PER_ELEMENT <= exactBytes || dimension % 8 > 0;
  const numPartitions = exact
    ? Math.min(listsSearched, Math.ceil(rows / rowsOfList))
    : Math.round(Math.sqrt(rows));
  // With more rounds, or more vectors to learn the centres from, as much was found.
  return { exact, numPartitions, distanceType: "cosine" as const, maxIterations: 10, sampleRate: 64 };
}

async function dimensionOf(table: Table): Promise<number> {
  const { fields } = await table.schema();
  return (fields.find(({ name }) => name === "vector")!.type as FixedSizeList).listSize;
}

/**
 * How text becomes words: split at what is neither letter nor digit, so that `L/H` is `l` and `h` and a part number
 * the run of its pieces; lower case, without accents, by their stem.
 *
 * The stop words are our own: the usual list has `off`, `no`, `out` and the letters `s` and `t`, which in a logbook
 * are the fault (`T/O`, `S/N`, "will not shut off").
 */
const words: Partial<FtsOptions> = {
  baseTokenizer: "simple",
  language: "English",
  lowercase: true,
  asciiFolding: true,
  stem: true,
  withPosition: false,
  removeStopWords: true,
  customStopWords: [
    ...["a", "an", "the", "this", "that", "these", "those", "and", "or", "but", "if", "then", "than", "so"],
    ...["because", "as", "while", "of", "at", "by", "for", "with", "about", "into", "to", "from", "in"],
    ...["i", "we", "you", "he", "she", "it", "they", "me", "us", "them", "my", "our", "your", "his", "her"],
    ...["its", "their", "am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had"],
    ...["having", "do", "does", "did", "doing", "can", "could", "will", "would", "shall", "should", "may"],
    ...["might", "must", "what", "which", "who", "whom", "when", "where", "why", "how", "there", "here"],
  ],
};
