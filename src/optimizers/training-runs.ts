import type { Random } from "../core/index.ts";
import type { Rollout } from "../evaluate/index.ts";
import type { Candidate } from "./candidate.ts";
import type { Study } from "./study.ts";

/** Training rows that a candidate is run on at once, in search of runs to learn from. */
const look = 16;
/** Looks before a change is proposed from what was found. */
const looks = 3;

/** A training row and what a candidate did with it. */
export interface TrainingRun {
  row: number;
  result: Rollout;
}

/** What candidates did on training rows. */
export class TrainingRuns {
  readonly random: Random;
  readonly #study: Study;
  readonly #threshold: number;
  readonly #order: readonly number[];
  /** By candidate: the rows it was run on. */
  readonly #runs = new Map<string, TrainingRun[]>();
  /** Rows on which the candidate before failed: those that the next is likeliest to fail on. */
  #hard: number[] = [];

  constructor(study: Study, random: Random, threshold: number) {
    this.#study = study;
    this.random = random;
    this.#threshold = threshold;
    this.#order = random.shuffle(Array(study.train.length).keys());
  }

  /** Runs of a candidate, until `wanted` have failed or a few looks were taken. */
  async of(candidate: Candidate, wanted: number): Promise<{ failed: TrainingRun[]; good: TrainingRun[] }> {
    const known = this.#runs.get(candidate.id) ?? [];
    this.#runs.set(candidate.id, known);
    const isGood = ({ result }: TrainingRun) => result.status === "scored" && result.score >= this.#threshold;
    const failed = () => known.filter((run) => run.result.status !== "outage" && !isGood(run));
    for (let times = 0; times < looks && failed().length < wanted; times++) {
      const open = [...new Set([...this.#hard, ...this.#order])].filter(
        (row) => !known.some((run) => run.row === row),
      );
      const rows = open.slice(0, look);
      if (rows.length === 0 || !this.#study.affords(rows.length + this.#study.val.length)) break;
      const { results } = await this.#study.evaluate(candidate, { split: "train", rows });
      known.push(...rows.map((row, place) => ({ row, result: results[place]! })));
    }
    this.#hard = failed().map(({ row }) => row);
    return { failed: failed(), good: known.filter(isGood) };
  }
}
