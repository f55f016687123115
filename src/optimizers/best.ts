import { type Embedder, sentenceEmbedder } from "../retrieval/index.ts";
import { Calibrate, canCalibrate } from "./calibrate.ts";
import { Optimizer, type OptimizerOptions, type ProposerOptions } from "./optimizer.ts";
import { PairedAscent } from "./paired-ascent.ts";
import type { Study } from "./study.ts";

/** Options of {@link Best}. */
export interface BestOptions extends OptimizerOptions, ProposerOptions {
  /** Reads what the inputs say of their label beside the model; see {@link Calibrate}. Default: `sentenceEmbedder()`. */
  embedder?: Embedder | undefined;
}

/** Part of the rollouts that is kept for the calibration, where there is one. */
const calibrationShare = 0.45;
/** Rows of each split below which nothing is fitted. */
const fewestRows = 30;

/**
 * The strategies of lmframe that give most together, for who does not want to choose: {@link PairedAscent} finds rules
 * and examples, then {@link Calibrate} frees labels of the model's bias and adds what an embedding of the inputs says,
 * where the program gives labels and the endpoint tells how it weighs them. Proposer: `reflectionModel`; it sees
 * training rows only.
 */
export class Best extends Optimizer<BestOptions> {
  readonly #ascent = new PairedAscent(this.options);

  protected override models() {
    return this.part(this.#ascent).models;
  }

  protected async search(study: Study): Promise<void> {
    const left = (study.budget.rollouts ?? Infinity) - study.used.task.rollouts;
    const rows = Math.floor((left * calibrationShare - study.val.length) / 2);
    const calibrates = rows >= fewestRows && (await canCalibrate(study));
    const kept = calibrates && left < Infinity ? Math.floor(left * calibrationShare) : 0;
    const limit = left === Infinity ? 700 + 2 * study.val.length : left - kept;
    await study.within(limit, () => this.part(this.#ascent).search(study));
    if (!calibrates) return;
    study.goOnFrom(study.ranking[0]?.candidate ?? study.base);
    const { promptModel: _, reflectionModel: __, embedder = sentenceEmbedder(), ...shared } = this.options;
    const calibrate = new Calibrate({ ...shared, embedder, ...(left < Infinity && { maxRows: rows }) });
    await this.part(calibrate).search(study);
  }
}
