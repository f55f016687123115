import type { Candidate, OptimizerOptions, Rollouts, Study } from "../../../src/optimizers/index.ts";
import { Optimizer } from "../../../src/optimizers/index.ts";
import { Predict } from "../../../src/modules/index.ts";

interface GepaOptions extends OptimizerOptions {
  rounds?: number;
  minibatch?: number;
}

/**
 * The bones of GEPA (Agrawal et al. 2025, https://arxiv.org/abs/2507.19457) on the study's interface: reflection on
 * traces with feedback, acceptance on a minibatch, a Pareto front by validation row. Kept to show that the study
 * carries it.
 */
export class GepaSkeleton extends Optimizer<GepaOptions> {
  readonly reflect = new Predict("current_instruction, runs: list[str] -> new_instruction");

  protected async search(study: Study): Promise<void> {
    const { rounds = 6, minibatch = 3 } = this.options;
    const draw = study.random("gepa");
    const front = new Map<string, Rollouts>([[study.base.id, await study.evaluate(study.base)]]);
    const paths = [...study.program.predictors().keys()];
    for (let round = 0; round < rounds; round++) {
      const parent = pickByFront(front, draw.next());
      const rows = draw.sample(study.train.rows().keys(), minibatch);
      const tried = await study.evaluate(parent, { split: "train", rows });
      if (tried.results.every((result) => result.score >= 1)) continue;
      const path = paths[round % paths.length]!;
      const current = study.programOf(parent).predictors().get(path)!.state.instructions;
      const runs = tried.results.map(
        (result) =>
          `${JSON.stringify(result.trace.findLast((call) => call.predictor === path) ?? {})} score ${result.score} ${result.feedback ?? ""}`,
      );
      const proposal = await study.propose<{ new_instruction: string }>("reflection", this.reflect, {
        current_instruction: current,
        runs,
      });
      if (!proposal) continue;
      const child = study.candidate(
        { ...parent.edits, [path]: { ...parent.edits[path], instructions: proposal.new_instruction } },
        "reflection",
        [parent],
      );
      const retried = await study.evaluate(child, { split: "train", rows });
      const accepted = retried.score > tried.score;
      study.decide(accepted ? "accept" : "reject", {
        child: child.id,
        before: tried.score,
        after: retried.score,
      });
      if (accepted) front.set(child.id, await study.evaluate(child));
    }
  }
}

/** A candidate that is best on some validation row, in proportion to the rows it is best on. */
function pickByFront(front: ReadonlyMap<string, Rollouts>, at: number): Candidate {
  const all = [...front.values()];
  const wins = all.map(() => 0);
  for (let row = 0; row < all[0]!.results.length; row++) {
    const best = Math.max(...all.map(({ results }) => results[row]!.score));
    for (const [index, { results }] of all.entries()) if (results[row]!.score === best) wins[index]!++;
  }
  let place = at * wins.reduce((sum, count) => sum + count, 0);
  const index = wins.findIndex((count) => (place -= count) < 0);
  return all[Math.max(0, index)]!.candidate;
}
