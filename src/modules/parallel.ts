import { mapOrdered } from "../core/index.ts";
import { callSettings } from "./call-settings.ts";
import { Module, type ProgramInputs, type ProgramOutputs } from "./module.ts";

/** Runs calls of programs side by side and gives their outputs in the order of the calls. */
export class Parallel extends Module {
  /** Calls under way at once. */
  readonly concurrency: number;

  constructor({ concurrency = 16 }: { concurrency?: number } = {}) {
    super();
    this.concurrency = concurrency;
  }

  /** `[program, inputs]` pairs to outputs. The first call that throws aborts those under way. */
  async forward<M extends Module>(
    calls: readonly (readonly [M, ProgramInputs<M>])[],
  ): Promise<ProgramOutputs<M>[]> {
    const stop = new AbortController();
    const outer = callSettings().signal;
    const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
    const outputs: ProgramOutputs<M>[] = [];
    const work = ([program, inputs]: readonly [M, ProgramInputs<M>]) => program.call(inputs, { signal });
    try {
      for await (const output of mapOrdered(calls, work, { concurrency: this.concurrency, signal })) {
        outputs.push(output);
      }
    } finally {
      stop.abort();
    }
    return outputs;
  }
}
