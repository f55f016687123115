import type { Random } from "../core/index.ts";
import type { Candidate } from "./candidate.ts";
import type { Rollouts, Study } from "./study.ts";

/** How a {@link PairedRace} compares. */
export interface PairedRaceOptions {
  /** Rows on which the champion fails that a challenger must gain on to be looked at further. Default 8. */
  screenRows?: number;
  /** Rows of the first comparison; each further one doubles them. Default 24. */
  firstRows?: number;
  /** Score that cannot be improved. Default 1. */
  perfectScore?: number;
}

/** Standard errors that a gain must be from 0 to need no further rows. */
const clear = 2;
/** Challengers that a screening lets through. */
const most = 2;

/**
 * Compares challengers with a champion on the same validation rows, and spends rows only on what is still open: first
 * some on which the champion fails, where a gain must show; then growing parts of one random order of all rows,
 * until the paired difference is clear. Rows that were run are not paid for again, so the last step from there to all
 * rows is cheap.
 */
export class PairedRace {
  readonly #study: Study;
  readonly #order: readonly number[];
  readonly #screenRows: number;
  readonly #firstRows: number;
  readonly #perfectScore: number;
  /** By candidate: how much of the order it was run on. */
  readonly #seen = new Map<string, number>();

  constructor(
    study: Study,
    random: Random,
    { screenRows = 8, firstRows = 24, perfectScore = 1 }: PairedRaceOptions = {},
  ) {
    this.#study = study;
    this.#order = random.shuffle(Array(study.val.length).keys());
    this.#screenRows = screenRows;
    this.#firstRows = Math.min(firstRows, study.val.length);
    this.#perfectScore = perfectScore;
  }

  /** What it takes to run `candidate` on all rows. */
  missing(candidate: Candidate): number {
    return this.#order.length - (this.#seen.get(candidate.id) ?? 0);
  }

  /** Says that `candidate` was run on all rows. */
  whole(candidate: Candidate): void {
    this.#seen.set(candidate.id, this.#order.length);
  }

  /** The first challenger, from the most promising on, that is better than the champion; undefined where none is. */
  async winner(champion: Candidate, challengers: readonly Candidate[]): Promise<Candidate | undefined> {
    for (const challenger of await this.#screened(champion, challengers)) {
      if (await this.#beats(challenger, champion)) return challenger;
    }
    return undefined;
  }

  /** True where the champion has no row to improve on. */
  async perfect(champion: Candidate): Promise<boolean> {
    return (await this.#failing(champion)).length === 0;
  }

  /** Those that gain on rows where the champion fails, the most promising first. */
  async #screened(champion: Candidate, challengers: readonly Candidate[]): Promise<Candidate[]> {
    const failing = await this.#failing(champion);
    const rows = failing.slice(0, this.#screenRows);
    if (rows.length === 0 || !this.#affords(challengers.length * rows.length, champion)) return [];
    const before = await this.#study.evaluate(champion, { rows });
    const tried = await this.#study.evaluateAll(challengers.map((candidate) => ({ candidate, rows })));
    return tried
      .map((after) => ({ candidate: after.candidate, gain: difference(before, after).gain }))
      .filter(({ gain }) => gain > 0)
      .sort((a, b) => b.gain - a.gain)
      .slice(0, most)
      .map(({ candidate }) => candidate);
  }

  /** Rows on which the champion fails, in order; it is run on more until there are enough to screen on. */
  async #failing(champion: Candidate): Promise<number[]> {
    let seen = Math.max(this.#firstRows, this.#seen.get(champion.id) ?? 0);
    for (;;) {
      const { results, rows } = await this.#run(champion, seen);
      const failing = rows.filter((_, place) => results[place]!.score < this.#perfectScore);
      const all = seen === this.#order.length;
      if (all || failing.length >= this.#screenRows || !this.#affords(this.#firstRows, champion))
        return failing;
      seen = Math.min(this.#order.length, seen + this.#firstRows);
    }
  }

  async #beats(challenger: Candidate, champion: Candidate): Promise<boolean> {
    for (let seen = this.#firstRows; ; seen = Math.min(2 * seen, this.#order.length)) {
      const cost = [challenger, champion].reduce(
        (sum, { id }) => sum + Math.max(0, seen - (this.#seen.get(id) ?? 0)),
        0,
      );
      if (!this.#affords(cost, champion)) return false;
      const [before, after] = [await this.#run(champion, seen), await this.#run(challenger, seen)];
      const { gain: scores, error, differing } = difference(before, after);
      // What candidates are chosen by decides; how far scores differ says how sure that is.
      const gain = after.score - before.score || scores;
      const last = seen === this.#order.length || !this.#affords(2 * seen, challenger);
      const better = gain > clear * error && differing >= 3;
      const worse = gain < 0 || (differing === 0 && seen >= 2 * this.#firstRows);
      if (!better && !worse && !last) continue;
      const accepted = better || (last && gain > error);
      this.#study.decide(accepted ? "accept" : "reject", {
        candidate: challenger.id,
        champion: champion.id,
        rows: seen,
        gain,
        error,
      });
      return accepted;
    }
  }

  async #run(candidate: Candidate, seen: number): Promise<Rollouts> {
    const rollouts = await this.#study.evaluate(candidate, { rows: this.#order.slice(0, seen) });
    this.#seen.set(candidate.id, Math.max(seen, this.#seen.get(candidate.id) ?? 0));
    return rollouts;
  }

  /** True where the budget holds `rollouts` and what it takes to run a champion on all rows after them. */
  #affords(rollouts: number, champion: Candidate): boolean {
    return this.#study.affords(rollouts + this.missing(champion));
  }
}

/** The mean difference of scores with its standard error, over the rows that both have a score for. */
function difference(before: Rollouts, after: Rollouts): { gain: number; error: number; differing: number } {
  const differences = after.results
    .map(({ score }, place) => score - before.results[place]!.score)
    .filter((value) => !Number.isNaN(value));
  const count = differences.length;
  if (count === 0) return { gain: 0, error: Infinity, differing: 0 };
  const gain = differences.reduce((sum, value) => sum + value, 0) / count;
  const squares = differences.reduce((sum, value) => sum + (value - gain) ** 2, 0);
  return {
    gain,
    error: Math.sqrt(squares / Math.max(1, count - 1) / count),
    differing: differences.filter((value) => value !== 0).length,
  };
}
