import { contentWords, wordShare } from "../content-words.ts";

/** Damps the weight of the first ranks; the value of the paper, which others have found hard to better. */
const rankConstant = 60;

/**
 * Reciprocal rank fusion of two rankings: an item's score is the sum of weight / (60 + rank), ranks from 1. Scores of
 * different kinds need not be comparable (Cormack, Clarke and Büttcher, SIGIR 2009).
 *
 * The ranking by meaning weighs 1. That by words weighs, for each item, the fourth power of twice the share of the
 * query's words which it holds: as much for half of them, 16 for all, next to nothing for one of many. A query in
 * other words than the documents' still finds some that share a word of no account, and these would push aside what
 * was found by meaning; one that names a part and an aircraft means what names both. Chosen by recall on the tuning
 * half of `datasets/logbook_questions.csv`, where it nearly keeps the better of the two rankings for either kind.
 *
 * @returns score by key.
 */
export function fuseRanks(
  query: string,
  byMeaning: readonly Pick<Ranked, "key">[],
  byWords: readonly Ranked[],
): Map<string, number> {
  const scores = new Map<string, number>();
  const add = (key: string, index: number, weight: number) =>
    scores.set(key, (scores.get(key) ?? 0) + weight / (rankConstant + index + 1));
  byMeaning.forEach(({ key }, index) => add(key, index, 1));
  const asked = contentWords(query);
  byWords.forEach(({ key, text }, index) => {
    add(key, index, (2 * wordShare(asked, text)) ** 4);
  });
  return scores;
}

interface Ranked {
  readonly key: string;
  /** What was searched for words. */
  readonly text: string;
}
