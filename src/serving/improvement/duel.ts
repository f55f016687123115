import { UnreachableError } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import { type Difference, mean, pairedInterval, pairedProbability } from "../../evaluate/index.ts";
import type { Metric } from "../../metrics/index.ts";
import type { Module } from "../../modules/index.ts";
import { Study } from "../../optimizers/index.ts";

/** Two programs on the same rows. */
export interface Duel extends Difference {
  /** Rows that both scored. */
  readonly rows: number;
  /** Two-sided probability of a difference this large if the programs did not differ. */
  readonly probability: number;
}

/** A duel, and what it rests on. */
export interface Meeting {
  readonly duel: Duel;
  /** Of each row, in order; NaN where an outage left it without one. */
  readonly scores: readonly (readonly [champion: number, challenger: number])[];
}

/** Probability below which a difference is taken for real. */
const chance = 0.05;

/** True where the second program is better by more than chance. */
export function isBetter({ difference, probability }: Duel): boolean {
  return difference > 0 && probability < chance;
}

/** How a duel is run. */
export interface DuelOptions {
  readonly rows: Dataset;
  readonly metric: Metric;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  /** Pairs below which outages have left too little to say. */
  readonly fewest: number;
  /** File to write the answers of one of the two down in. */
  readonly journal: (who: "champion" | "challenger") => string;
}

/**
 * Runs champion and challenger on rows that neither was made from. Answers are journaled: what was paid for is not paid
 * for again.
 *
 * @throws StudyInterrupted or UnreachableError where models cannot be reached; later it goes on from there.
 */
export async function duel(champion: Module, challenger: Module, options: DuelOptions): Promise<Meeting> {
  const before = await scoresOf(champion, "champion", options);
  const after = await scoresOf(challenger, "challenger", options);
  const scores = before.map((score, row) => [score, after[row]!] as const);
  const pairs = scores.filter((pair) => !pair.some(Number.isNaN));
  if (pairs.length < options.fewest) {
    throw new UnreachableError(`only ${pairs.length} rows of the duel could be answered; it goes on later`);
  }
  const differences = pairs.map(([was, is]) => is - was);
  return {
    duel: {
      rows: pairs.length,
      before: mean(pairs.map(([was]) => was)),
      after: mean(pairs.map(([, is]) => is)),
      difference: mean(differences),
      interval: pairedInterval(differences),
      probability: pairedProbability(differences),
    },
    scores,
  };
}

/** The score of each row; NaN for an outage. */
async function scoresOf(
  program: Module,
  who: "champion" | "challenger",
  { rows, metric, concurrency, signal, journal }: DuelOptions,
): Promise<number[]> {
  const study = new Study({
    name: `duel: ${who}`,
    program,
    train: rows,
    val: rows,
    metric,
    seed: 0,
    concurrency,
    budget: {},
    journal: journal(who),
    signal,
    models: {},
    maxOutages: 20,
  });
  try {
    const { results } = await study.evaluate(study.base);
    return results.map(({ score }) => score);
  } finally {
    study.end();
  }
}
