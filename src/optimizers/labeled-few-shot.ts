import type { Demo } from "../adapters/index.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import type { Candidate, Edits } from "./candidate.ts";
import { cappedDemos } from "./demo-cap.ts";
import type { Study } from "./study.ts";

/** Options of {@link LabeledFewShot}. */
export interface LabeledFewShotOptions extends OptimizerOptions {
  /** Examples shown to each predictor. Default 16, as DSPy's. */
  k?: number;
}

/** Shows each predictor `k` training rows, drawn by the seed. Needs no proposer. */
export class LabeledFewShot extends Optimizer<LabeledFewShotOptions> {
  protected async search(study: Study): Promise<void> {
    const { k = 16 } = this.options;
    const rows = study.random("labeled").sample(study.train.rows().keys(), k);
    await study.evaluate(withDemos(study, labeledDemos(study, rows), "labeled"));
  }
}

/** The training rows at these places as demos for every predictor that may be tuned and whose fields they hold, but for too long ones. */
export function labeledDemos(study: Study, rows: readonly number[]): Record<string, Demo[]> {
  const demos: Record<string, Demo[]> = {};
  for (const [path, predictor] of study.tunable) {
    const { inputs, outputs } = predictor.signature;
    const shown = rows.flatMap((index): Demo[] => {
      const row = study.row("train", index);
      const known = [...inputs, ...outputs].filter(
        ({ name }) => row[name] !== undefined && row[name] !== null,
      );
      // A row that lacks what the step gives would teach it nothing.
      if (!outputs.some(({ name }) => row[name] !== undefined && row[name] !== null)) return [];
      return [Object.fromEntries(known.map(({ name }) => [name, row[name]]))];
    });
    demos[path] = cappedDemos(study, path, shown);
  }
  return demos;
}

/** The program with these demos by predictor path. */
export function withDemos(
  study: Study,
  demos: Readonly<Record<string, readonly Demo[]>>,
  origin: string,
): Candidate {
  const edits: Edits = Object.fromEntries(
    Object.entries(demos).map(([path, shown]) => [path, { demos: shown }]),
  );
  return study.candidate(edits, origin, [study.base]);
}
