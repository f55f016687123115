import { ConfigurationError } from "../core/index.ts";
import { gradesOf, type RelevantIds } from "./relevant-ids.ts";

/**
 * Share of the relevant documents that stand among the first `k`, 0 to 1. NaN where none is relevant. A document
 * that is ranked twice counts once, here and in the figures below; its second place is lost.
 */
export function rankedRecall(ranked: readonly string[], relevant: RelevantIds, k: number): number {
  const grades = gradesOf(relevant);
  return hits(ranked, grades, k).length / grades.size;
}

/**
 * Share of the first `k` places that hold a relevant document, 0 to 1. Places that a shorter ranking leaves empty
 * count as wrong, so that saying less does not raise it.
 */
export function rankedPrecision(ranked: readonly string[], relevant: RelevantIds, k: number): number {
  return hits(ranked, gradesOf(relevant), k).length / k;
}

/** 1 where a relevant document stands among the first `k`, else 0; its mean is the hit rate. NaN where none is relevant. */
export function rankedHit(ranked: readonly string[], relevant: RelevantIds, k: number): number {
  const grades = gradesOf(relevant);
  if (grades.size === 0) return NaN;
  return hits(ranked, grades, k).length > 0 ? 1 : 0;
}

/**
 * One over the place of the first relevant document, 0 where none stands among the first `k`; its mean is MRR
 * (Voorhees 1999). NaN where none is relevant.
 */
export function reciprocalRank(ranked: readonly string[], relevant: RelevantIds, k: number): number {
  const grades = gradesOf(relevant);
  if (grades.size === 0) return NaN;
  const [first] = hits(ranked, grades, k);
  return first === undefined ? 0 : 1 / (first.place + 1);
}

/**
 * Normalised discounted cumulative gain of the first `k`, 0 to 1: a document's gain is its grade, divided by the
 * binary logarithm of its place plus one, over what the best order would give (Järvelin and Kekäläinen 2002; gains
 * are linear, as in trec_eval). NaN where none is relevant.
 */
export function ndcg(ranked: readonly string[], relevant: RelevantIds, k: number): number {
  const grades = gradesOf(relevant);
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, k);
  const gained = hits(ranked, grades, k).map(({ place, grade }) => discounted(grade, place));
  return sum(gained) / sum(best.map(discounted));
}

interface Hit {
  /** From 0. */
  place: number;
  grade: number;
}

/** The relevant documents among the first `k`, each at its first place. */
function hits(ranked: readonly string[], grades: ReadonlyMap<string, number>, k: number): Hit[] {
  if (!(Number.isInteger(k) && k > 0)) {
    throw new ConfigurationError(`invalid k: ${k}; expected a whole number of at least 1`);
  }
  const seen = new Set<string>();
  return ranked.slice(0, k).flatMap((id, place) => {
    const grade = seen.has(id) ? undefined : grades.get(id);
    seen.add(id);
    return grade === undefined ? [] : [{ place, grade }];
  });
}

function discounted(grade: number, place: number): number {
  return grade / Math.log2(place + 2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
