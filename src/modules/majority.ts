/** How {@link majority} counts. */
export interface MajorityOptions {
  /** The output that votes. Default: the last one. */
  field?: string | undefined;
  /**
   * Answers that become the same text are one; undefined: the answer does not vote. Default: case and white space
   * around it do not count, and an empty answer does not vote.
   */
  normalize?: ((value: unknown) => string | undefined) | undefined;
}

/**
 * The answer that most of `answers` agree on, as the first of them gave it, with all its outputs; of equals the earlier.
 * Where none votes, the first. As DSPy's `majority`; sampled from one step it is self-consistency (Wang et al. 2022,
 * https://arxiv.org/abs/2203.11171).
 *
 * Throws RangeError for no answers.
 */
export function majority<O extends object>(
  answers: readonly O[],
  { field, normalize = folded }: MajorityOptions = {},
): O {
  if (answers.length === 0) throw new RangeError("no answers were given; expected one or more");
  const votes = new Map<string, O[]>();
  for (const answer of answers) {
    const value: unknown =
      field === undefined ? Object.values(answer).at(-1) : (answer as Record<string, unknown>)[field];
    const vote = normalize(value);
    if (vote !== undefined) votes.set(vote, [...(votes.get(vote) ?? []), answer]);
  }
  return [...votes.values(), answers].reduce((most, group) =>
    group !== answers && group.length > most.length ? group : most,
  )[0]!;
}

function folded(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === "string" ? value.trim().toLowerCase() : JSON.stringify(value);
  return text === "" ? undefined : text;
}
