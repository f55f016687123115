import { bootstrapDemos, type BootstrapOptions } from "./bootstrap-few-shot.ts";
import type { Candidate } from "./candidate.ts";
import { labeledDemos, withDemos } from "./labeled-few-shot.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import type { Study } from "./study.ts";

/** Options of {@link RandomSearch}. */
export interface RandomSearchOptions extends OptimizerOptions, BootstrapOptions {
  /** Random demo sets tried, beside the program as it was, labelled rows and one bootstrap. Default 16, as DSPy's. */
  numCandidates?: number;
  /** Objective from which the search stops: then one set is scored after the other. Default: never, and all are at once. */
  stopAt?: number;
}

/**
 * Tries demo sets drawn at random and keeps the best on the validation rows: DSPy's
 * BootstrapFewShotWithRandomSearch. Training runs are shared by all sets. Needs no proposer.
 */
export class RandomSearch extends Optimizer<RandomSearchOptions> {
  protected async search(study: Study): Promise<void> {
    const { numCandidates = 16, stopAt, ...bootstrap } = this.options;
    const { maxBootstrappedDemos = 4, maxLabeledDemos = 16 } = bootstrap;
    const rows = study.train.rows().map((_, index) => index);
    // The program as it was, labelled rows, one bootstrap, and the random sets; each training row is run once.
    study.plan((numCandidates + 3) * study.val.length + rows.length);
    const sets: Candidate[] = [];
    for (let number = -2; number < numCandidates; number++) {
      const draw = study.random(`demos ${number}`);
      const demos =
        number === -2
          ? labeledDemos(study, draw.sample(rows, maxLabeledDemos))
          : number === -1
            ? await bootstrapDemos(study, rows, bootstrap)
            : await bootstrapDemos(study, draw.shuffle(rows), {
                ...bootstrap,
                maxBootstrappedDemos: maxBootstrappedDemos === 0 ? 0 : 1 + draw.integer(maxBootstrappedDemos),
                maxLabeledDemos: draw.integer(maxLabeledDemos + 1),
              });
      const origin = number === -2 ? "labeled" : number === -1 ? "bootstrap" : `random ${number + 1}`;
      const set = withDemos(study, demos, origin);
      sets.push(set);
      if (stopAt === undefined) continue;
      const { score } = await study.evaluate(set);
      if (score >= stopAt) {
        study.decide("stop", { score, stopAt });
        return;
      }
    }
    await study.evaluateAll(sets.map((candidate) => ({ candidate })));
  }
}
