import type { OptimizerOptions, Study } from "../../../src/optimizers/index.ts";
import { Optimizer } from "../../../src/optimizers/index.ts";
import { Predict } from "../../../src/modules/index.ts";

interface SimbaOptions extends OptimizerOptions {
  steps?: number;
  batch?: number;
  samples?: number;
}

/**
 * The bones of SIMBA (DSPy's stochastic introspective mini-batch ascent) on the study's interface: several samples
 * of each row at temperature, rows by how far their samples lie apart, and from the widest either a demo or a rule.
 */
export class SimbaSkeleton extends Optimizer<SimbaOptions> {
  readonly advise = new Predict("worse_run, better_run -> advice");

  protected async search(study: Study): Promise<void> {
    const { steps = 4, batch = 6, samples = 3 } = this.options;
    const draw = study.random("simba");
    let current = study.base;
    for (let step = 0; step < steps; step++) {
      const rows = draw.sample(study.train.rows().keys(), batch);
      const sampled = await Promise.all(
        Array.from({ length: samples }, (_, sample) =>
          study.evaluate(current, {
            split: "train",
            rows,
            repeat: step * samples + sample + 1,
            temperature: 1,
          }),
        ),
      );
      const spread = rows.map((_, place) => {
        const results = sampled.map(({ results: all }) => all[place]!).sort((a, b) => b.score - a.score);
        return {
          better: results[0]!,
          worse: results.at(-1)!,
          gap: results[0]!.score - results.at(-1)!.score,
        };
      });
      const widest = spread.sort((a, b) => b.gap - a.gap)[0]!;
      const call = widest.better.trace.at(-1);
      if (!call || (widest.gap === 0 && widest.better.score < 1)) continue;
      const path = call.predictor;
      const state = study.programOf(current).predictors().get(path)!.state;
      let child;
      if (draw.next() < 0.5 || widest.gap === 0) {
        const demos = [...state.demos, { ...call.inputs, ...call.outputs, augmented: true }];
        child = study.candidate({ ...current.edits, [path]: { ...current.edits[path], demos } }, "demo", [
          current,
        ]);
      } else {
        const advice = await study.propose<{ advice: string }>("reflection", this.advise, {
          worse_run: JSON.stringify(widest.worse.trace),
          better_run: JSON.stringify(widest.better.trace),
        });
        if (!advice) continue;
        const instructions = `${state.instructions}\n${advice.advice}`;
        child = study.candidate(
          { ...current.edits, [path]: { ...current.edits[path], instructions } },
          "rule",
          [current],
        );
      }
      const [before, after] = [await study.evaluate(current), await study.evaluate(child)];
      study.decide(after.score > before.score ? "accept" : "reject", { child: child.id });
      if (after.score > before.score) current = child;
    }
  }
}
