import type { Candidate, Edits } from "./candidate.ts";
import type { Study } from "./study.ts";

/** The champion with further edits; those it has already stay where the new ones say nothing. */
export function changed(study: Study, champion: Candidate, edits: Edits, origin: string): Candidate {
  const whole = Object.fromEntries(
    Object.entries(edits).map(([path, edit]) => [path, { ...champion.edits[path], ...edit }]),
  );
  return study.candidate({ ...champion.edits, ...whole }, origin, [champion]);
}

/** Each candidate once, without the champion. */
export function different(champion: Candidate, candidates: readonly Candidate[]): Candidate[] {
  return [...new Set(candidates)].filter((candidate) => candidate !== champion);
}

/**
 * Races challengers for at most `rollouts`. Default: what the study's budget leaves; where it says nothing, 700 and twice
 * the validation rows.
 */
export async function raceWithin(
  study: Study,
  rollouts: number | undefined,
  race: () => Promise<void>,
): Promise<void> {
  const { budget, used } = study;
  const limit =
    rollouts ??
    (budget.rollouts === undefined ? 700 + 2 * study.val.length : budget.rollouts - used.task.rollouts);
  study.plan(limit);
  await study.within(limit, race);
}
