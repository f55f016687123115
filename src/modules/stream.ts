import type { FieldDelta } from "../adapters/adapter.ts";
import { setting } from "../core/index.ts";
import type { Module, ProgramInputs, ProgramOutputs } from "./module.ts";
import { type CallSettings, withCallSettings } from "./call-settings.ts";

/** Text that was added to a field of one of a program's predictors. */
export interface ProgramDelta extends FieldDelta {
  /** Path of the predictor, as `predictors()` spells it. */
  predictor: string;
}

type Sink = (predictor: object, delta: FieldDelta) => void;

const current = setting<Sink | undefined>(undefined);

/** Where predictors that run here put the pieces of their answers; undefined: nobody wants them. */
export function fieldSink(): Sink | undefined {
  return current.get();
}

/**
 * Runs a program and yields the fields of its predictors as they arrive; the generator's return value is what
 * `call` would have given. A reader that leaves early aborts the calls under way.
 */
export async function* stream<M extends Module>(
  program: M,
  inputs: ProgramInputs<M>,
  settings: CallSettings = {},
): AsyncGenerator<ProgramDelta, ProgramOutputs<M>> {
  const paths = new Map<object, string>([...program.predictors()].map(([path, predictor]) => [predictor, path]));
  const waiting: ProgramDelta[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  const sink: Sink = (predictor, delta) => {
    waiting.push({ predictor: paths.get(predictor) ?? "", ...delta });
    wake();
  };
  const leave = new AbortController();
  const signal = settings.signal ? AbortSignal.any([settings.signal, leave.signal]) : leave.signal;
  const outcome = current
    .run(sink, () => withCallSettings({ ...settings, signal }, () => program.call(inputs as never)))
    .finally(() => {
      ended = true;
      wake();
    });
  outcome.catch(() => undefined);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next) yield next;
      else if (ended) return (await outcome) as ProgramOutputs<M>;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    leave.abort();
  }
}
