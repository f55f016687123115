import type { FtsOptions, Table } from "@lancedb/lancedb";
import type { Lance } from "./lance.ts";

/** Up to so many rows vectors are compared one by one, which is exact and takes milliseconds. */
const exactRows = 50_000;

/** Up to so many rows the index of words is made anew with every change, so that its statistics are exact. */
const wordsAnewRows = 20_000;

/** Of more rows, this share may wait outside an index before it is made anew; searches compare them one by one. */
const waitingShare = 0.05;

/** Files a table may have before they are put together; each search opens them all. */
const mostFiles = 32;

/** Brings the indexes of a table up to date after `changed` rows were put or removed. */
export async function refreshIndexes({ db }: Lance, table: Table, changed: number): Promise<void> {
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
  if (numRows > exactRows && (await due("vector_idx", false))) {
    await table.createIndex("vector", { config: db.Index.ivfFlat({ distanceType: "cosine" }) });
  }
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
