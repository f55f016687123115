import type { Demo } from "../adapters/index.ts";
import { type Embedder, wordEmbedder } from "../retrieval/index.ts";
import { demosOf } from "./bootstrap-few-shot.ts";
import { labeledDemos } from "./labeled-few-shot.ts";
import { Neighbours } from "./neighbours.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import type { Study } from "./study.ts";

/** Options of {@link KNNFewShot}. */
export interface KNNFewShotOptions extends OptimizerOptions {
  /** Rows shown with each call. Default 3. DSPy has no default. */
  k?: number;
  /** What tells how near two inputs are. Default: `wordEmbedder()`, which needs neither server nor key. */
  embedder?: Embedder;
  /** Training rows to choose from, drawn by the seed where there are more; they are saved with the program. Default 1,000. */
  maxRows?: number;
  /** Score from which a run serves as a demo of the steps whose outputs the rows do not hold. Default 1. */
  threshold?: number;
}

/**
 * Shows each predictor, with each call, the training rows nearest to it: DSPy's KNNFewShot, after Liu et al. 2022,
 * "What Makes Good In-Context Examples for GPT-3?", https://arxiv.org/abs/2101.06804. Steps in between, whose outputs
 * no row holds, are shown what they did themselves in runs that scored well. Needs no proposer.
 */
export class KNNFewShot extends Optimizer<KNNFewShotOptions> {
  protected async search(study: Study): Promise<void> {
    const { k = 3, maxRows = 1000, embedder = wordEmbedder() } = this.options;
    const rows = study.random("neighbours").sample(study.train.rows().keys(), maxRows);
    const known = await this.#demos(study, rows);
    const predictors = study.program.predictors();
    const edits = Object.entries(known).flatMap(([path, demos]) => {
      if (demos.length === 0) return [];
      // It changes what a call is shown, so it stands around what weighs the labels of a call.
      const { neighbours: _, ...others } = predictors.get(path)!.extensions;
      const neighbours = new Neighbours(k, demos, embedder);
      return [[path, { extensions: { ...others, neighbours } }] as const];
    });
    await study.evaluate(study.candidate(Object.fromEntries(edits), "neighbours", [study.base]));
  }

  /** By predictor path: the rows as they are, or what the predictor did with them where they do not tell. */
  async #demos(study: Study, rows: readonly number[]): Promise<Record<string, readonly Demo[]>> {
    const { threshold = 1 } = this.options;
    const labeled = labeledDemos(study, rows);
    const silent = Object.keys(labeled).filter((path) => labeled[path]!.length === 0);
    study.plan(2 * study.val.length + (silent.length > 0 ? rows.length : 0));
    if (silent.length === 0) return labeled;
    const { results } = await study.evaluate(study.base, { split: "train", rows });
    const good = results.filter(({ status, score }) => status === "scored" && score >= threshold);
    const own = silent.map((path) => [path, good.flatMap((result) => demosOf(study, result, path))] as const);
    return { ...labeled, ...Object.fromEntries(own) };
  }
}
