import type { FieldDelta } from "../adapters/adapter.ts";
import { setting } from "../core/index.ts";
import type { Module, ProgramInputs, ProgramOutputs } from "./module.ts";
import { type CallSettings, callSettings, withCallSettings } from "./call-settings.ts";

/** Text that was added to a field of one of a program's predictors. */
export interface ProgramDelta extends FieldDelta {
  /** Path of the predictor, as `predictors()` spells it. */
  predictor: string;
  /**
   * Which request of this run it is of, from 1. The deltas of one request add up to its fields; a predictor that is
   * called again, or whose reply had to be asked for again, begins anew under the next number.
   */
  request: number;
}

/** Takes pieces of an answer as they come. */
export type Sink = (delta: FieldDelta) => void;

const current = setting<((predictor: object) => Sink) | undefined>(undefined);

/** Where the pieces of a request's answer go that a predictor makes here; undefined: nobody wants them. */
export function openSink(predictor: object): Sink | undefined {
  return current.get()?.(predictor);
}

/** Runs `body`, and lets no stream have the pieces of its answers: for programs that check an answer before it is seen. */
export function unseen<R>(body: () => R): R {
  return current.run(undefined, body);
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
  const paths = new Map<object, string>(
    [...program.predictors()].map(([path, predictor]) => [predictor, path]),
  );
  const waiting: ProgramDelta[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  let requests = 0;
  const open = (predictor: object): Sink => {
    const place = { predictor: paths.get(predictor) ?? "", request: ++requests };
    return (delta) => {
      waiting.push({ ...place, ...delta });
      wake();
    };
  };
  const leave = new AbortController();
  const outer = settings.signal ?? callSettings().signal;
  const signal = outer ? AbortSignal.any([outer, leave.signal]) : leave.signal;
  const outcome = current
    .run(open, () => withCallSettings({ ...settings, signal }, () => program.call(inputs as never)))
    .finally(() => {
      ended = true;
      wake();
    });
  outcome.catch(() => undefined);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next) yield next;
      else if (ended) return await outcome;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    leave.abort();
  }
}
