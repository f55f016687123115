import { solve } from "../../core/index.ts";

/** Of both weights: holds a fit in place where a model got everything right, or everything wrong. */
const ridge = 0.01;

/**
 * How a model's score falls with how hard tasks are: a logistic curve, as item response theory has it for people and
 * questions (Rasch 1960). Two figures, so few trials tell much; scores in between 0 and 1 count as shares. Scores beyond
 * them are scaled by their least and greatest first.
 */
export class Strength {
  readonly #low: number;
  readonly #range: number;
  readonly #weights: readonly number[];

  /** @param points at least one: how hard the task was, and the score. */
  constructor(points: readonly (readonly [complexity: number, score: number])[]) {
    const scores = points.map(([, score]) => score);
    this.#low = Math.min(0, ...scores);
    this.#range = Math.max(1, ...scores) - this.#low;
    const shares = points.map(
      ([complexity, score]) => [complexity, (score - this.#low) / this.#range] as const,
    );
    let weights = [0, 0];
    // Newton's steps (iteratively reweighted least squares); a strictly concave likelihood needs few.
    for (let round = 0; round < 25; round++) {
      const gradient = weights.map((weight) => -ridge * weight);
      const matrix = [
        [ridge, 0],
        [0, ridge],
      ];
      for (const [complexity, share] of shares) {
        const chance = sigmoid(weights[0]! + weights[1]! * complexity);
        const spread = Math.max(chance * (1 - chance), 1e-6);
        for (const [row, a] of [1, complexity].entries()) {
          gradient[row]! += (share - chance) * a;
          for (const [column, b] of [1, complexity].entries()) matrix[row]![column]! += spread * a * b;
        }
      }
      const step = solve(matrix, gradient);
      // Far from the curve a whole step would leap over it.
      const length = Math.max(1, Math.hypot(...step) / 5);
      weights = weights.map((weight, place) => weight + step[place]! / length);
      if (Math.hypot(...step) < 1e-9) break;
    }
    // A harder task never raises a score: what looks so is chance.
    if (weights[1]! > 0)
      weights = [logit(shares.reduce((sum, [, share]) => sum + share, 0) / shares.length), 0];
    this.#weights = weights;
  }

  /** The expected score. */
  at(complexity: number): number {
    return this.#low + this.#range * sigmoid(this.#weights[0]! + this.#weights[1]! * complexity);
  }
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function logit(share: number): number {
  const inside = Math.min(1 - 1e-9, Math.max(1e-9, share));
  return Math.log(inside / (1 - inside));
}
