import type { Random } from "../core/index.ts";

/** How {@link Tpe} searches. */
export interface TpeOptions {
  /** Observations before which choices are drawn evenly. Default 10, as Optuna's. */
  startup?: number;
  /** Drawn choices of which the most promising is taken. Default 24, as Optuna's. */
  draws?: number;
}

/** One place in each variable. */
export type Choice = readonly number[];

/**
 * A tree-structured Parzen estimator over categorical variables that are modelled together, so that choices which
 * only work in company are found: observations are parted into the best tenth and the rest, each part is a mixture
 * with one component an observation (a product over the variables) and an even one, and the next choice is the draw
 * from the better part that the rest makes least likely.
 *
 * Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4; joint modelling as in Falkner et
 * al. 2018 (BOHB), section 3; constants as in Optuna 4's sampler with `multivariate=True`, which MIPROv2 uses.
 */
export class Tpe {
  readonly #sizes: readonly number[];
  readonly #random: Random;
  readonly #startup: number;
  readonly #draws: number;
  readonly #seen: { choice: Choice; value: number }[] = [];

  /** @param sizes how many choices each variable has; at least one each. */
  constructor(sizes: readonly number[], random: Random, { startup = 10, draws = 24 }: TpeOptions = {}) {
    this.#sizes = sizes;
    this.#random = random;
    this.#startup = startup;
    this.#draws = draws;
  }

  /** Tells the value of a choice; higher is better. One that is NaN tells nothing. */
  observe(choice: Choice, value: number): void {
    if (!Number.isNaN(value)) this.#seen.push({ choice, value });
  }

  /** The choice to try next. */
  suggest(): Choice {
    if (this.#seen.length < this.#startup) return this.#even();
    const ordered = [...this.#seen].sort((a, b) => b.value - a.value).map(({ choice }) => choice);
    const best = Math.min(Math.ceil(ordered.length / 10), 25);
    const better = new Mixture(this.#sizes, ordered.slice(0, best));
    const rest = new Mixture(this.#sizes, ordered.slice(best));
    let taken: Choice = [];
    let highest = -Infinity;
    for (let draw = 0; draw < this.#draws; draw++) {
      const choice = better.draw(this.#random) ?? this.#even();
      const gain = Math.log(better.likelihood(choice)) - Math.log(rest.likelihood(choice));
      if (gain > highest) [taken, highest] = [choice, gain];
    }
    return taken;
  }

  #even(): Choice {
    return this.#sizes.map((size) => this.#random.integer(size));
  }
}

/** One component an observation, which favours its choice in every variable, and one that favours none. */
class Mixture {
  readonly #sizes: readonly number[];
  readonly #observed: readonly Choice[];

  constructor(sizes: readonly number[], observed: readonly Choice[]) {
    this.#sizes = sizes;
    this.#observed = observed;
  }

  likelihood(choice: Choice): number {
    const even = this.#sizes.reduce((product, size) => product / size, 1);
    const total = this.#observed.reduce(
      (sum, observed) =>
        sum +
        choice.reduce((product, place, index) => product * this.#share(index, place === observed[index]), 1),
      even,
    );
    return total / (this.#observed.length + 1);
  }

  /** Undefined where the even component is drawn. */
  draw(random: Random): Choice | undefined {
    const observed = this.#observed[random.integer(this.#observed.length + 1)];
    return observed?.map((place, index) => {
      const size = this.#sizes[index]!;
      if (random.next() < this.#share(index, true)) return place;
      const other = random.integer(size - 1);
      return other < place ? other : other + 1;
    });
  }

  /** Weight of a place in a component. The prior weighs as much as one component, shared by all places. */
  #share(index: number, same: boolean): number {
    const size = this.#sizes[index]!;
    const prior = 1 / (this.#observed.length + 1);
    return (prior + (same ? 1 : 0)) / (1 + size * prior);
  }
}
