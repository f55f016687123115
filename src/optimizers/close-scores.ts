import { mean } from "../evaluate/index.ts";
import type { Ranked } from "./study.ts";

/** Standard errors of the mean of paired differences within which 95 % of what chance does lies. */
const chance = 1.96;

/**
 * The best of a ranking and those that chance alone may have put behind it: whose scores by row, each the mean of its
 * draws, differ from the best one's by no more than 1.96 standard errors. None where there is nothing to choose between.
 */
export function contenders(ranking: readonly Ranked[]): readonly Ranked[] {
  const [best, ...others] = ranking;
  if (!best) return [];
  const scores = rowScores(best);
  const close = others.filter((other) => withinChance(scores, rowScores(other)));
  return close.length > 0 ? [best, ...close] : [];
}

/** True where no row scored otherwise in a later draw than in the first. */
export function isSteady({ results, draws }: Ranked): boolean {
  return draws.every((draw) => draw.every(({ score }, row) => Object.is(score, results[row]!.score)));
}

/** The mean of each row's scores; NaN where it has none. */
function rowScores({ results, draws }: Ranked): number[] {
  return results.map((_, row) => mean(draws.map((draw) => draw[row]!.score)));
}

function withinChance(one: readonly number[], other: readonly number[]): boolean {
  const differences = one
    .map((score, row) => score - other[row]!)
    .filter((difference) => !Number.isNaN(difference));
  const middle = mean(differences);
  const squares = differences.reduce((sum, difference) => sum + (difference - middle) ** 2, 0);
  // One row tells nothing of chance, and its standard error is no number: it is within.
  const error = Math.sqrt(squares / (differences.length - 1) / differences.length);
  return !(Math.abs(middle) > chance * error);
}
