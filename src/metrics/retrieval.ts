import { DataError } from "../core/index.ts";
import { columnOf, type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";
import { ndcg, rankedHit, rankedPrecision, rankedRecall, reciprocalRank } from "./ranking.ts";
import { gradesOf, idsOf, type RelevantIds } from "./relevant-ids.ts";

/** Where a retrieval metric looks. */
export interface RetrievalFields<F extends string = string> {
  /** The row's column with the {@link RelevantIds}. Default `relevant`. */
  relevant?: string | undefined;
  /** The program's output with what was retrieved, best first: passages or ids. Default `passages`. */
  retrieved?: F | undefined;
}

/**
 * Metric: {@link rankedRecall} at `k`. The feedback names what is missing.
 *
 * Like every metric here it throws DataError for a row without relevant documents, of which nothing can be said:
 * leave such rows out, `questions.filter(({ answerable }) => answerable)`.
 */
export function recallAt<F extends string = "passages">(
  k: number,
  fields?: RetrievalFields<F>,
): FieldMetric<F> {
  return retrievalMetric(`recall at ${k}`, k, rankedRecall, fields);
}

/** Metric: {@link rankedPrecision} at `k`. */
export function precisionAt<F extends string = "passages">(
  k: number,
  fields?: RetrievalFields<F>,
): FieldMetric<F> {
  return retrievalMetric(`precision at ${k}`, k, rankedPrecision, fields);
}

/** Metric: {@link rankedHit} at `k`: 1 where a relevant document was retrieved. */
export function hitRateAt<F extends string = "passages">(
  k: number,
  fields?: RetrievalFields<F>,
): FieldMetric<F> {
  return retrievalMetric(`hit rate at ${k}`, k, rankedHit, fields);
}

/** Metric: {@link reciprocalRank} at `k`; its mean is MRR. */
export function mrrAt<F extends string = "passages">(k: number, fields?: RetrievalFields<F>): FieldMetric<F> {
  return retrievalMetric(`MRR at ${k}`, k, reciprocalRank, fields);
}

/** Metric: {@link ndcg} at `k`; graded where the column holds grades by id. */
export function ndcgAt<F extends string = "passages">(
  k: number,
  fields?: RetrievalFields<F>,
): FieldMetric<F> {
  return retrievalMetric(`nDCG at ${k}`, k, ndcg, fields);
}

function retrievalMetric<F extends string>(
  label: string,
  k: number,
  figure: (ranked: readonly string[], relevant: RelevantIds, k: number) => number,
  { relevant = "relevant", retrieved = "passages" as F }: RetrievalFields<F> = {},
): FieldMetric<F> {
  return fieldMetric(label, undefined, [k, relevant, retrieved], (row: object, outputs: object) => {
    const expected = columnOf(relevant, row) as RelevantIds;
    const wanted = [...gradesOf(expected).keys()];
    if (wanted.length === 0) {
      throw new DataError(
        `a row has no relevant documents, so its ${label} is not defined; leave such rows out with rows.filter(…)`,
        { column: relevant },
      );
    }
    const ranked = idsOf(outputOf(retrieved, outputs), retrieved);
    const score = figure(ranked, expected, k);
    const found = new Set(ranked.slice(0, k));
    const missing = wanted.filter((id) => !found.has(id));
    return {
      score,
      feedback:
        `${wanted.length - missing.length} of ${wanted.length} relevant documents are among the first ${k}` +
        (missing.length > 0 ? `; missing: ${missing.join(", ")}` : ""),
    };
  });
}
