import type { Demo } from "../../../src/adapters/index.ts";
import type { Candidate, OptimizerOptions, Study } from "../../../src/optimizers/index.ts";
import { Optimizer } from "../../../src/optimizers/index.ts";
import { bootstrapDemos } from "../../../src/optimizers/bootstrap-few-shot.ts";
import { Predict } from "../../../src/modules/index.ts";

interface MiproOptions extends OptimizerOptions {
  numCandidates?: number;
  trials?: number;
  minibatch?: number;
  fullEvery?: number;
}

/**
 * The bones of MIPROv2 (Opsahl-Ong et al. 2024, https://arxiv.org/abs/2406.11695) on the study's interface:
 * grounded proposals, bootstrapped demo sets, a joint search over both with minibatches and full evaluations at
 * intervals. The model of the search is the mean by choice; TPE is for the real one.
 */
export class MiproSkeleton extends Optimizer<MiproOptions> {
  readonly summarize = new Predict("rows: list[str] -> summary");
  readonly propose = new Predict("summary, current_instruction, tip -> instruction");

  protected async search(study: Study): Promise<void> {
    const { numCandidates = 4, trials = 8, minibatch = 4, fullEvery = 4 } = this.options;
    const draw = study.random("mipro");
    const rows = study.train.rows();
    const described = await study.propose<{ summary: string }>("prompt", this.summarize, {
      rows: rows.slice(0, 5).map((row) => JSON.stringify(row)),
    });
    const demoSets: Record<string, Demo[]>[] = [{}];
    for (let set = 1; set < numCandidates; set++) {
      demoSets.push(
        await bootstrapDemos(study, draw.shuffle(rows.keys()), {
          maxBootstrappedDemos: 2,
          maxLabeledDemos: 2,
        }),
      );
    }
    const instructions = new Map<string, string[]>();
    for (const [path, predictor] of study.program.predictors()) {
      const current = predictor.state.instructions;
      const proposed = await Promise.all(
        Array.from({ length: numCandidates - 1 }, (_, index) =>
          study.propose<{ instruction: string }>(
            "prompt",
            this.propose,
            { summary: described?.summary ?? "", current_instruction: current, tip: `tip ${index}` },
            { temperature: 0.7 },
          ),
        ),
      );
      instructions.set(path, [current, ...proposed.flatMap((one) => (one ? [one.instruction] : []))]);
    }
    const seen = new Map<string, { candidate: Candidate; scores: number[] }>();
    for (let trial = 1; trial <= trials; trial++) {
      const edits = Object.fromEntries(
        [...instructions].map(([path, choices]) => {
          const demos = demoSets[draw.integer(demoSets.length)]![path];
          return [path, { instructions: choices[draw.integer(choices.length)]!, ...(demos && { demos }) }];
        }),
      );
      const candidate = study.candidate(edits, `trial ${trial}`, [study.base]);
      const { score } = await study.evaluate(candidate, {
        rows: draw.sample(study.val.rows().keys(), minibatch),
      });
      const known = seen.get(candidate.id) ?? { candidate, scores: [] };
      known.scores.push(score);
      seen.set(candidate.id, known);
      if (trial % fullEvery !== 0) continue;
      const mean = ({ scores }: { scores: number[] }) =>
        scores.reduce((sum, value) => sum + value, 0) / scores.length;
      const full = new Set(study.ranking.map((ranked) => ranked.candidate.id));
      const best = [...seen.values()]
        .filter((one) => !full.has(one.candidate.id))
        .sort((a, b) => mean(b) - mean(a))[0];
      if (best) await study.evaluate(best.candidate);
    }
  }
}
