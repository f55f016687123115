import type { Demo } from "../adapters/index.ts";
import type { Rollout } from "../evaluate/index.ts";
import type { LanguageModel } from "../lm/index.ts";
import type { Candidate } from "./candidate.ts";
import { cappedDemos } from "./demo-cap.ts";
import { labeledDemos, withDemos } from "./labeled-few-shot.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import type { Study } from "./study.ts";

/** How demos are bootstrapped. */
export interface BootstrapOptions {
  /** Demos taken from runs that scored well, for each predictor. Default 4, as DSPy's. */
  maxBootstrappedDemos?: number;
  /** Demos in all, filled up with training rows as they are. Default 16, as DSPy's. */
  maxLabeledDemos?: number;
  /** Tries at each row; later ones at temperature 1. Default 1. */
  maxRounds?: number;
  /** Score from which a run is taken. Default 1. */
  threshold?: number;
  /**
   * Model by which the runs are made that serve as demos; default: the program's own. They count against the task
   * budget, as they are rollouts of the program.
   */
  teacher?: LanguageModel | undefined;
}

/** Options of {@link BootstrapFewShot}. */
export interface BootstrapFewShotOptions extends OptimizerOptions, BootstrapOptions {}

/**
 * Runs the program on training rows and shows each predictor what it did in the runs that scored well, so that
 * steps between get examples too (Khattab et al. 2023, https://arxiv.org/abs/2310.03714). Needs no proposer.
 */
export class BootstrapFewShot extends Optimizer<BootstrapFewShotOptions> {
  protected async search(study: Study): Promise<void> {
    const order = study.train.rows().map((_, index) => index);
    await study.evaluate(withDemos(study, await bootstrapDemos(study, order, this.options), "bootstrap"));
  }
}

/**
 * Demos by predictor path from the training rows at the places of `order`, taken in that order. Rows are run a
 * few at a time and only until enough have scored well; runs are shared by all that ask for the same rows.
 */
export async function bootstrapDemos(
  study: Study,
  order: readonly number[],
  { maxBootstrappedDemos = 4, maxLabeledDemos = 16, maxRounds = 1, threshold = 1, teacher }: BootstrapOptions,
): Promise<Record<string, Demo[]>> {
  const shown = teacher ? taught(study, teacher) : study.base;
  const paths = [...study.tunable.keys()];
  const shows = (result: Rollout) => paths.some((path) => demosOf(study, result, path).length > 0);
  const taken = new Map<number, Rollout>();
  for (let round = 0; round < maxRounds && taken.size < maxBootstrappedDemos; round++) {
    const open = order.filter((index) => !taken.has(index));
    // As many at once as are still needed: none is run that one after the other would not be.
    for (let start = 0; start < open.length && taken.size < maxBootstrappedDemos;) {
      const rows = open.slice(start, start + maxBootstrappedDemos - taken.size);
      start += rows.length;
      const { results } = await study.evaluate(shown, {
        split: "train",
        rows,
        ...(round > 0 && { repeat: round, temperature: 1 }),
      });
      for (const [place, result] of results.entries()) {
        if (taken.size >= maxBootstrappedDemos) break;
        if (result.status === "scored" && result.score >= threshold && shows(result)) {
          taken.set(rows[place]!, result);
        }
      }
    }
  }
  const rest = order.filter((index) => !taken.has(index)).slice(0, Math.max(0, maxLabeledDemos - taken.size));
  const labeled = labeledDemos(study, rest);
  return Object.fromEntries(
    Object.entries(labeled).map(([path, demos]) => [
      path,
      [...[...taken.values()].flatMap((result) => demosOf(study, result, path)), ...demos],
    ]),
  );
}

/** The program with another model throughout. */
function taught(study: Study, lm: LanguageModel): Candidate {
  const edits = [...study.program.predictors().keys()].map((path) => [path, { lm }] as const);
  return study.candidate(Object.fromEntries(edits), "teacher", [study.base]);
}

/**
 * What a predictor was given and gave in a run, as demos; the last call where it was called several times. None where
 * that is longer than a demo may be.
 */
export function demosOf(study: Study, { trace }: Rollout, path: string): Demo[] {
  const last = trace.findLast((call) => call.predictor === path && call.outputs !== undefined);
  return last ? cappedDemos(study, path, [{ ...last.inputs, ...last.outputs, augmented: true }]) : [];
}
