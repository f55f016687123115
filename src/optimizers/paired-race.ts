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
/** Rows that must differ before a gain is taken for clear. */
const fewestDiffering = 3;
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
  readonly #random: Random;
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
    this.#random = random;
    this.#order = random.shuffle(Array(study.val.length).keys());
    this.#screenRows = screenRows;
    this.#firstRows = Math.min(firstRows, study.val.length);
    this.#perfectScore = perfectScore;
  }

  /** What the smallest race takes, with what its winner takes to be run on all rows. */
  get least(): number {
    return this.#screenRows + this.#order.length;
  }

  /** Says that `candidate` was run on all rows. */
  whole(candidate: Candidate): void {
    this.#seen.set(candidate.id, this.#order.length);
  }

  /** The first challenger, from the most promising on, that is better than the champion; undefined where none is. */
  async winner(champion: Candidate, challengers: readonly Candidate[]): Promise<Candidate | undefined> {
    // Drawn anew each time: what a change is for may not be among the rows that were drawn before.
    const rows = this.#random.sample(await this.#failing(champion), this.#screenRows);
    for (const challenger of await this.#screened(champion, challengers, rows)) {
      if (await this.#beats(challenger, champion, rows)) return challenger;
    }
    return undefined;
  }

  /** True where the champion has no row to improve on. */
  async perfect(champion: Candidate): Promise<boolean> {
    return (await this.#failing(champion)).length === 0;
  }

  /** Those that gain on these rows where the champion fails, the most promising first. */
  async #screened(
    champion: Candidate,
    challengers: readonly Candidate[],
    rows: readonly number[],
  ): Promise<Candidate[]> {
    const whole = this.#order.length;
    if (rows.length === 0 || !this.#study.affords(challengers.length * rows.length + whole)) return [];
    const before = await this.#study.evaluate(champion, { rows });
    const tried = await this.#study.evaluateAll(challengers.map((candidate) => ({ candidate, rows })));
    return tried
      .map((after) => ({ candidate: after.candidate, gain: mean(differences(before, after)) }))
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
      if (all || failing.length >= this.#screenRows) return failing;
      if (!this.#study.affords(this.#firstRows + this.#order.length)) return failing;
      seen = Math.min(this.#order.length, seen + this.#firstRows);
    }
  }

  async #beats(challenger: Candidate, champion: Candidate, screened: readonly number[]): Promise<boolean> {
    for (let seen = this.#firstRows; ; seen = Math.min(2 * seen, this.#order.length)) {
      const cost = [challenger, champion].reduce(
        (sum, { id }) => sum + Math.max(0, seen - (this.#seen.get(id) ?? 0)),
        0,
      );
      // Whichever of the two is kept must still be run on the rows that it was not yet run on.
      if (!this.#study.affords(cost + Math.max(this.#missing(champion), this.#order.length - seen)))
        return false;
      const [before, after] = [await this.#run(champion, seen), await this.#run(challenger, seen)];
      const { gain, error, differing } = await this.#gain(before, after, screened);
      const last = seen === this.#order.length || !this.#study.affords(2 * seen + this.#order.length);
      const better = gain > clear * error && differing >= fewestDiffering;
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

  /**
   * What the challenger gains in the objective on all rows, by estimate. Rows on which the champion fails and others
   * are estimated apart, for the former were looked at first: what was seen there counts by how many they are.
   */
  async #gain(
    before: Rollouts,
    after: Rollouts,
    screened: readonly number[],
  ): Promise<{ gain: number; error: number; differing: number }> {
    const rows = [...new Set([...after.rows, ...screened])];
    const [was, is] = [
      await this.#study.evaluate(before.candidate, { rows }),
      await this.#study.evaluate(after.candidate, { rows }),
    ];
    const fails = (place: number) => was.results[place]!.score < this.#perfectScore;
    const known = await this.#run(before.candidate, this.#seen.get(before.candidate.id)!);
    const share = mean(known.results.map(({ score }) => (score < this.#perfectScore ? 1 : 0)));
    const all = differences(was, is);
    const largest = Math.max(...all.map(Math.abs)) || 1;
    const [failing, passing] = [fails, (place: number) => !fails(place)].map((of) =>
      estimate(differences(was, is, of), largest),
    ) as [Estimate, Estimate];
    const scores = share * failing.mean + (1 - share) * passing.mean;
    // An objective that is not the mean of scores is judged by the rows that were drawn alike.
    const beyond = after.score - before.score - mean(differences(before, after));
    return {
      gain: scores + (Number.isNaN(beyond) ? 0 : beyond),
      error: Math.hypot(share * failing.error, (1 - share) * passing.error),
      differing: all.filter((value) => value !== 0).length,
    };
  }

  #missing(candidate: Candidate): number {
    return this.#order.length - (this.#seen.get(candidate.id) ?? 0);
  }

  async #run(candidate: Candidate, seen: number): Promise<Rollouts> {
    const rollouts = await this.#study.evaluate(candidate, { rows: this.#order.slice(0, seen) });
    this.#seen.set(candidate.id, Math.max(seen, this.#seen.get(candidate.id) ?? 0));
    return rollouts;
  }
}

interface Estimate {
  mean: number;
  /** Standard error of the mean. */
  error: number;
}

/** Of few values, as if one more lay `largest` from their mean: that none was seen to differ does not mean that none does. */
function estimate(values: readonly number[], largest: number): Estimate {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, largest ** 2);
  return { mean: middle, error: Math.sqrt(squares) / Math.max(1, values.length) };
}

/** Differences of scores by row, of the rows that both have a score for. */
function differences(
  before: Rollouts,
  after: Rollouts,
  of: (place: number) => boolean = () => true,
): number[] {
  return after.results
    .map(({ score }, place) => (of(place) ? score - before.results[place]!.score : NaN))
    .filter((value) => !Number.isNaN(value));
}

/** 0 of no values. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
