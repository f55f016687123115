import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel, type TracingChannel } from "node:diagnostics_channel";
import { ContextVariable } from "./context.ts";

/**
 * What a span is of. `module`: a program or predictor; `model`: one request to a language model, retries
 * included; `tool` and `retriever`: a call out of a program; `row`: one row of an evaluation or a map;
 * `optimizer` and `evaluation`: a whole run.
 */
export type SpanKind = "module" | "model" | "tool" | "retriever" | "row" | "evaluation" | "optimizer";

const kinds: readonly SpanKind[] = ["module", "model", "tool", "retriever", "row", "evaluation", "optimizer"];

/** One call, from its start to its end. */
export interface Span {
  readonly id: number;
  readonly parent: Span | undefined;
  readonly kind: SpanKind;
  /** For a module its class, for a model its name. */
  readonly name: string;
  readonly inputs: unknown;
  /** Facts that listeners may want: a predictor's path, a model's usage. Grows while the call runs. */
  readonly attributes: Record<string, unknown>;
  /** Milliseconds since the epoch, with fractions. */
  readonly startedAt: number;
  endedAt: number | undefined;
  /** What the call gave, once it ended well. */
  result?: unknown;
  /** What the call threw, once it failed. */
  error?: unknown;
}

/** Hears of calls as they start and end. What a listener throws is reported as a warning and goes no further. */
export interface Listener {
  /** Hears of a call before it runs. */
  start?(span: Span): void;
  /** Hears of a call that ended, well or not. */
  end?(span: Span): void;
}

const channels = Object.fromEntries(
  kinds.map((kind) => [kind, tracingChannel<unknown, Span>(`lmframe:${kind}`)]),
) as Record<SpanKind, TracingChannel<unknown, Span>>;

const current = new ContextVariable<Span>();
let lastId = 0;
let bound = false;

const now = () => performance.timeOrigin + performance.now();

/** The span must be bound to every channel's start, or a listener sees no parent. */
function bindContext(): void {
  if (bound) return;
  bound = true;
  for (const kind of kinds) current.bindTo(channels[kind].start);
}

function begin(kind: SpanKind, name: string, inputs: unknown): Span {
  return {
    id: ++lastId,
    parent: current.get(),
    kind,
    name,
    inputs,
    attributes: {},
    startedAt: now(),
    endedAt: undefined,
  };
}

/**
 * Runs `body` as a span that listeners hear of. Nearly free when nobody listens: `body` is then called with
 * undefined and nothing is made.
 */
export function traced<T>(
  kind: SpanKind,
  name: string,
  inputs: unknown,
  body: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const channel = channels[kind];
  if (!channel.start.hasSubscribers && !channel.asyncEnd.hasSubscribers) return body(undefined);
  const span = begin(kind, name, inputs);
  // Neither `tracePromise` nor `async`, which make more promises for each of the calls under way.
  const end = () => {
    span.endedAt = now();
    channel.asyncEnd.publish(span);
  };
  return channel.start.runStores(span, () =>
    begun(() => body(span)).then(
      (result) => {
        span.result = result;
        end();
        return result;
      },
      (error: unknown) => {
        span.error = error;
        end();
        throw error;
      },
    ),
  );
}

/** What `body` gives, as a promise, also where it throws before it gives one. */
function begun<T>(body: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(body());
  } catch (error) {
    // What was thrown is passed on as it is.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return Promise.reject(error);
  }
}

/**
 * Like {@link traced} for a stream: the span ends with the last chunk, and each step of the generator runs in
 * its context, wherever it is pulled from. `body`'s return value is the span's result.
 */
export async function* tracedStream<T, R>(
  kind: SpanKind,
  name: string,
  inputs: unknown,
  body: (span: Span | undefined) => AsyncGenerator<T, R>,
): AsyncGenerator<T, R> {
  const channel = channels[kind];
  if (!channel.start.hasSubscribers && !channel.asyncEnd.hasSubscribers) return yield* body(undefined);
  const span = begin(kind, name, inputs);
  const inside = channel.start.runStores(span, () => AsyncLocalStorage.snapshot());
  const steps = inside(() => body(span));
  let settled = false;
  try {
    for (;;) {
      const step = await inside(() => steps.next());
      if (step.done) {
        settled = true;
        span.result = step.value;
        return step.value;
      }
      yield step.value;
    }
  } catch (error) {
    settled = true;
    span.error = error;
    throw error;
  } finally {
    // A reader that left early ends the stream where it stands.
    try {
      if (!settled) await inside(() => steps.return(undefined as R));
    } finally {
      span.endedAt = now();
      inside(() => channel.asyncEnd.publish(span));
    }
  }
}

/** Adds a listener for calls of the given kinds (all by default); the function it gives back removes it. */
export function listen(listener: Listener, only: readonly SpanKind[] = kinds): () => void {
  bindContext();
  const guarded = (hear: ((span: Span) => void) | undefined) => (message: unknown) => {
    try {
      hear?.(message as Span);
    } catch (error) {
      process.emitWarning(`a listener of lmframe's events failed: ${String(error)}`);
    }
  };
  const start = guarded(listener.start?.bind(listener));
  const end = guarded(listener.end?.bind(listener));
  for (const kind of only) {
    if (listener.start) channels[kind].start.subscribe(start);
    if (listener.end) channels[kind].asyncEnd.subscribe(end);
  }
  return () => {
    for (const kind of only) {
      channels[kind].start.unsubscribe(start);
      channels[kind].asyncEnd.unsubscribe(end);
    }
  };
}

/** A recording, inside the one it was begun in. */
interface Recording {
  spans: Span[];
  outer: Recording | undefined;
}

const recorder = new ContextVariable<Recording>();
let recording = false;

/**
 * Runs `body` and puts every span that ends within it into `spans`, in the order of their ends. A call that
 * throws leaves what it had recorded.
 */
export function record<T>(spans: Span[], body: () => Promise<T>): Promise<T> {
  if (!recording) {
    recording = true;
    listen({ end: keepSpan }, ["module", "model", "tool", "retriever"]);
  }
  return recorder.run({ spans, outer: recorder.get() }, body);
}

function keepSpan(span: Span): void {
  for (let open = recorder.get(); open; open = open.outer) open.spans.push(span);
}

/** The span that runs here, where one is heard of. */
export function currentSpan(): Span | undefined {
  return current.get();
}
