import type { Random } from "../core/index.ts";
import type { Candidate, Edits } from "./candidate.ts";

/** Two candidates with what they come from, and what they make together. */
export interface Merge {
  parents: readonly [Candidate, Candidate];
  ancestor: Candidate;
  edits: Edits;
}

const tries = 10;

/**
 * Finds two candidates of which each has improved something else since their common ancestor, and joins them: each
 * predictor as the one has it that changed it, and where both did, as the better one has it (Agrawal et al. 2025,
 * Algorithm 4). Undefined where no such pair is left.
 *
 * @param candidates from which the pair is drawn.
 * @param scoreOf a candidate's score on the validation rows; NaN for one that has none.
 * @param made merges so far, by {@link mergeKey}; none of them is made again.
 */
export function findMerge(
  candidates: readonly Candidate[],
  byId: ReadonlyMap<string, Candidate>,
  scoreOf: (candidate: Candidate) => number,
  made: ReadonlySet<string>,
  random: Random,
): Merge | undefined {
  for (let attempt = 0; attempt < tries && candidates.length >= 2; attempt++) {
    const [a, b] = random.sample(candidates, 2) as [Candidate, Candidate];
    const [before, after] = [ancestorsOf(a, byId), ancestorsOf(b, byId)];
    if (before.has(b) || after.has(a)) continue;
    const common = [...before].filter(
      (ancestor) =>
        after.has(ancestor) &&
        scoreOf(ancestor) <= Math.min(scoreOf(a), scoreOf(b)) &&
        changedApart(ancestor, a, b) &&
        !made.has(mergeKey({ parents: [a, b], ancestor })),
    );
    if (common.length === 0) continue;
    // The nearest ancestor says most exactly who changed what.
    const ancestor = common.reduce((best, one) => (scoreOf(one) > scoreOf(best) ? one : best));
    return { parents: [a, b], ancestor, edits: joined(ancestor, a, b, scoreOf(a) >= scoreOf(b)) };
  }
  return undefined;
}

/** The same for the same pair and ancestor, whichever way round. */
export function mergeKey({ parents, ancestor }: Pick<Merge, "parents" | "ancestor">): string {
  return [...parents.map(({ id }) => id).sort((one, other) => (one < other ? -1 : 1)), ancestor.id].join("/");
}

function ancestorsOf({ parents }: Candidate, byId: ReadonlyMap<string, Candidate>): Set<Candidate> {
  const found = new Set<Candidate>();
  const visit = (id: string) => {
    const parent = byId.get(id);
    if (!parent || found.has(parent)) return;
    found.add(parent);
    parent.parents.forEach(visit);
  };
  parents.forEach(visit);
  return found;
}

const textAt = ({ edits }: Candidate, path: string) => edits[path]?.instructions;

function changedApart(ancestor: Candidate, a: Candidate, b: Candidate): boolean {
  return pathsOf(a, b).some(
    (path) =>
      textAt(a, path) !== textAt(b, path) &&
      [textAt(a, path), textAt(b, path)].includes(textAt(ancestor, path)),
  );
}

function joined(ancestor: Candidate, a: Candidate, b: Candidate, aIsBetter: boolean): Edits {
  const chosen = pathsOf(a, b).map((path) => {
    const [inA, inB, before] = [textAt(a, path), textAt(b, path), textAt(ancestor, path)];
    const fromA = inB === before || (inA !== before && aIsBetter);
    return [path, (fromA ? a : b).edits[path]] as const;
  });
  return Object.fromEntries(chosen.flatMap(([path, edit]) => (edit ? [[path, edit]] : [])));
}

function pathsOf(...candidates: readonly Candidate[]): string[] {
  return [...new Set(candidates.flatMap(({ edits }) => Object.keys(edits)))];
}
