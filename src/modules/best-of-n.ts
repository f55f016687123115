import type { AnySignature } from "../adapters/index.ts";
import { type AttemptOptions, Attempts } from "./attempts.ts";
import { Module, type ProgramInputs, type ProgramOutputs } from "./module.ts";

/** Options of {@link BestOfN}. */
export type BestOfNOptions<P extends Module = Module> = AttemptOptions<P>;

/**
 * Runs a program up to `n` times, each drawn anew at temperature 1, and gives the first outputs whose reward reaches the
 * threshold, else those with the highest reward. As DSPy's `BestOfN`. The program's predictors keep their paths, with
 * `module.` before them.
 *
 * ```ts
 * new BestOfN(write, { n: 3, reward: (_, { title }) => title.length <= 60, threshold: 1 })
 * ```
 *
 * Throws what the program throws at an outage; a try that fails otherwise is one try less.
 */
export class BestOfN<P extends Module> extends Module {
  readonly module: P;
  private readonly attempts: Attempts;

  constructor(module: P, options: BestOfNOptions<P>) {
    super();
    this.module = module;
    this.attempts = new Attempts(options);
  }

  override get signature(): AnySignature {
    return this.module.signature;
  }

  async forward(inputs: ProgramInputs<P>): Promise<ProgramOutputs<P>> {
    const given = inputs as object;
    return (await this.attempts.best(given, (settings) =>
      this.module.call(given as never, settings),
    )) as ProgramOutputs<P>;
  }
}
