import { channel } from "node:diagnostics_channel";

/** How far a long piece of work is. Renderers (terminal, notebook cell) show it; the work knows none of them. */
export interface ProgressState {
  readonly id: number;
  readonly label: string;
  /** Undefined where the total cannot be known before the end. */
  readonly total: number | undefined;
  readonly done: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly ended: boolean;
  /** What else is worth a glance, in the order to show it: best so far, errors, cost. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Reports one piece of work. */
export interface Progress {
  /** Adds `steps` (default 1) to what is done, and replaces the facts that are given. */
  advance(steps?: number, facts?: Record<string, string | number>): void;
  /** Sets what is done, where work is not counted step by step. */
  set(done: number, facts?: Record<string, string | number>): void;
  /** Says how much there is to do, where that becomes known only on the way. */
  expect(total: number): void;
  /** Ends the report; later calls do nothing. */
  end(facts?: Record<string, string | number>): void;
}

const updates = channel("lmframe:progress");
let lastId = 0;
let fallback: ((state: ProgressState) => void) | undefined;

/** Starts to report a piece of work. */
export function startProgress(label: string, total?: number): Progress {
  const state = { id: ++lastId, label, total, done: 0, startedAt: Date.now(), ended: false, facts: {} };
  const tell = (done: number, facts: Record<string, string | number> | undefined, ended: boolean) => {
    if (state.ended) return;
    state.done = done;
    state.ended = ended;
    if (facts) state.facts = { ...state.facts, ...facts };
    if (updates.hasSubscribers) updates.publish({ ...state });
    else fallback?.({ ...state });
  };
  return {
    advance: (steps = 1, facts) => tell(state.done + steps, facts, false),
    set: (done, facts) => tell(done, facts, false),
    expect: (expected) => {
      state.total = expected;
    },
    end: (facts) => tell(state.done, facts, true),
  };
}

/** Shows all progress through `render` (in place of the default) until the function it gives back is called. */
export function showProgress(render: (state: ProgressState) => void): () => void {
  const hear = (message: unknown) => render(message as ProgressState);
  updates.subscribe(hear);
  return () => {
    updates.unsubscribe(hear);
  };
}

/** Sets what shows progress where nobody called {@link showProgress}; undefined for silence. */
export function defaultProgress(render: ((state: ProgressState) => void) | undefined): void {
  fallback = render;
}

/**
 * Seconds still to go at the pace so far; undefined before the first step, and where the total is unknown or turned
 * out too low.
 */
export function secondsLeft(state: ProgressState, at: number = Date.now()): number | undefined {
  if (state.total === undefined || state.done === 0 || state.done > state.total) return undefined;
  return (((at - state.startedAt) / state.done) * (state.total - state.done)) / 1000;
}
