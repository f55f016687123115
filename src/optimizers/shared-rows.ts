import type { Dataset } from "../data/index.ts";
import { digest } from "./candidate.ts";

/**
 * Warns where rows to choose by are rows to learn from as well, by their content: proposers would be shown them, and a
 * candidate that has learnt them by heart would be chosen.
 */
export function warnOfSharedRows(train: Dataset, val: Dataset): void {
  const shared = sharedRows(val, train);
  if (shared === 0) return;
  process.emitWarning(
    `${shared} of ${val.length} validation rows are training rows as well: models that write instructions are shown ` +
      "them, and the scores by which candidates are chosen are too good. Take them out of `train`, or leave `val` away: " +
      "then half of `train` is kept to choose by.",
  );
}

/** Warns where rows to test on are rows to learn from or to choose by as well, by their content. */
export function warnOfSeenRows(test: Dataset, train: Dataset, val: Dataset): void {
  const shared = sharedRows(test, train, val);
  if (shared === 0) return;
  process.emitWarning(
    `${shared} of ${test.length} test rows are training or validation rows as well: what the program is worth there says ` +
      "too much. Take them out of `train` and `val`.",
  );
}

/** How many rows are in one of the others as well. */
function sharedRows(rows: Dataset, ...others: readonly Dataset[]): number {
  const seen = new Set(others.flatMap((other) => other.rows().map(digest)));
  return rows.rows().filter((row) => seen.has(digest(row))).length;
}
