import type { AnySignature } from "../adapters/index.ts";
import { ConfigurationError, isOutage } from "../core/index.ts";
import { majority } from "./majority.ts";
import { Module } from "./module.ts";

type Outputs = Readonly<Record<string, unknown>>;

/** Options of {@link Ensemble}. */
export interface EnsembleOptions {
  /**
   * Makes one answer of those that were given, in the order of the programs. Default: the majority's by the last output
   * field; of equals the one that an earlier program gave.
   */
  reduce?: (answers: readonly Outputs[]) => Outputs;
}

/**
 * Several programs for one task, asked side by side, whose answers become one: by majority vote, or as
 * {@link EnsembleOptions.reduce} says. As DSPy's Ensemble (Khattab et al. 2023, https://arxiv.org/abs/2310.03714).
 * The best candidates of a search are such programs: `ranking.slice(0, 3)` of an {@link Optimization}.
 *
 * A program that fails at a row has no vote there; where all fail, the first one's error is thrown. Where one cannot
 * reach its model, that is thrown: a vote of some would pass for a vote of all.
 */
export class Ensemble extends Module {
  readonly programs: readonly Module[];
  // A function of its own would be refused by `with`: it could hold on to a program that was not tuned.
  private readonly reducer: Reducer;

  /** Throws ConfigurationError where there is no program. */
  constructor(programs: readonly Module[], { reduce = majority }: EnsembleOptions = {}) {
    super();
    if (programs.length === 0)
      throw new ConfigurationError("an ensemble of no programs was given; expected one or more");
    this.programs = programs;
    this.reducer = new Reducer(reduce);
  }

  override get signature(): AnySignature {
    return this.programs[0]!.signature;
  }

  async forward(inputs: Outputs): Promise<Outputs> {
    const ended = await Promise.allSettled(this.programs.map((program) => program.call(inputs as never)));
    const failed = ended.flatMap((outcome) =>
      outcome.status === "rejected" ? [outcome.reason as unknown] : [],
    );
    const outage = failed.find(isOutage);
    if (outage !== undefined || failed.length === ended.length) throw outage ?? failed[0];
    const answers = ended.flatMap((outcome) =>
      outcome.status === "fulfilled" ? [outcome.value as Outputs] : [],
    );
    return this.reducer.reduce(answers);
  }
}

class Reducer {
  readonly reduce: (answers: readonly Outputs[]) => Outputs;
  constructor(reduce: Reducer["reduce"]) {
    this.reduce = reduce;
  }
}
