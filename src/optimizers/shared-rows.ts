import type { Dataset } from "../data/index.ts";
import { digest } from "./candidate.ts";

/**
 * Warns where rows to choose by are rows to learn from as well, by their content: proposers would be shown them, and a
 * candidate that has learnt them by heart would be chosen.
 */
export function warnOfSharedRows(train: Dataset, val: Dataset): void {
  const learnt = new Set(train.rows().map(digest));
  const shared = val.rows().filter((row) => learnt.has(digest(row))).length;
  if (shared === 0) return;
  process.emitWarning(
    `${shared} of ${val.length} validation rows are training rows as well: models that write instructions are shown ` +
      "them, and the scores by which candidates are chosen are too good. Take them out of `train`, or leave `val` away: " +
      "then half of `train` is kept to choose by.",
  );
}
