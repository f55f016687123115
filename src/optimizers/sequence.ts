import { ConfigurationError } from "../core/index.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import type { Study } from "./study.ts";

/** Options of {@link Sequence}. */
export interface SequenceOptions extends OptimizerOptions {
  /**
   * What makes the strategies, in their order, from the options that all share:
   * `[(options) => new GEPA({ ...options, reflectionModel }), (options) => new RandomSearch(options)]`. A model that
   * helps is shared by its role: that of the first strategy that names one holds for all.
   */
  strategies: readonly ((options: OptimizerOptions) => Optimizer)[];
  /** Times through all of them; a strategy that gained nothing the last time is left out. Default 1. */
  rounds?: number;
}

/**
 * Strategies in turn, each from the best that the one before found: what one gives (rules, examples, a calibration)
 * the next builds on. One budget, one journal: rollouts that are left are shared evenly by the strategies to come.
 *
 * As BetterTogether (Soylu et al. 2024, "Fine-Tuning and Prompt Optimization: Two Great Steps that Work Better
 * Together", https://arxiv.org/abs/2407.10930), of prompts alone.
 */
export class Sequence extends Optimizer<SequenceOptions> {
  readonly #strategies: readonly Optimizer[];

  /** Throws ConfigurationError where there is no strategy. */
  constructor(options: SequenceOptions) {
    super(options);
    const { strategies, rounds: _, ...shared } = options;
    if (strategies.length === 0)
      throw new ConfigurationError("a sequence of no strategies was given; expected one or more");
    this.#strategies = strategies.map((make) => make(shared));
  }

  protected override models() {
    return Object.assign({}, ...this.#strategies.map((one) => this.part(one).models).reverse()) as ReturnType<
      Optimizer["models"]
    >;
  }

  protected override describe(): string {
    return `${super.describe()} of ${this.#strategies.map((one) => this.part(one).name).join(", ")}`;
  }

  protected async search(study: Study): Promise<void> {
    const { rounds = 1 } = this.options;
    let open = this.#strategies;
    for (let round = 1; round <= rounds && open.length > 0; round++) {
      const gaining: Optimizer[] = [];
      for (const [place, strategy] of open.entries()) {
        const toCome = open.length - place + (rounds - round) * open.length;
        const left = (study.budget.rollouts ?? Infinity) - study.used.task.rollouts;
        const from = bestOf(study);
        await study.within(Math.floor(left / toCome), () => this.part(strategy).search(study));
        const best = bestOf(study);
        if (best === from) continue;
        gaining.push(strategy);
        study.goOnFrom(best);
      }
      open = gaining;
    }
  }
}

/** The best candidate so far; of equals the earlier. */
function bestOf(study: Study) {
  return study.ranking[0]?.candidate ?? study.base;
}
