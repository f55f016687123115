/** Damps the weight of the first ranks; the value of the paper, which others have found hard to better. */
const rankConstant = 60;

/**
 * Reciprocal rank fusion: an item's score is the sum, over the rankings that hold it, of 1 / (60 + rank), ranks from
 * 1. Scores of different kinds need not be comparable (Cormack, Clarke and Büttcher, SIGIR 2009).
 *
 * @returns score by key.
 */
export function fuseRanks(rankings: readonly (readonly { readonly key: string }[])[]): Map<string, number> {
  const scores = new Map<string, number>();
  for (const ranking of rankings) {
    ranking.forEach(({ key }, index) => {
      scores.set(key, (scores.get(key) ?? 0) + 1 / (rankConstant + index + 1));
    });
  }
  return scores;
}
