import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel, type TracingChannel } from "node:diagnostics_channel";

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
  kinds.map((kind) => [kind, tracingChannel<Span, Span>(`lmframe:${kind}`)]),
) as Record<SpanKind, TracingChannel<Span, Span>>;

const current = new AsyncLocalStorage<Span>();
let lastId = 0;
let bound = false;

const now = () => performance.timeOrigin + performance.now();

/** The store must be bound to every channel's start, or a listener sees no parent. */
function bindContext(): void {
  if (bound) return;
  bound = true;
  for (const kind of kinds) channels[kind].start.bindStore(current, (span) => span);
}

function begin(kind: SpanKind, name: string, inputs: unknown): Span {
  return {
    id: ++lastId,
    parent: current.getStore(),
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
  // Not `tracePromise`, which makes a second promise and two closures for each of the calls under way.
  return channel.start.runStores(span, async () => {
    try {
      const result = await body(span);
      span.result = result;
      return result;
    } catch (error) {
      span.error = error;
      throw error;
    } finally {
      span.endedAt = now();
      channel.asyncEnd.publish(span);
    }
  });
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

const recorder = new AsyncLocalStorage<Recording>();
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
  return recorder.run({ spans, outer: recorder.getStore() }, body);
}

function keepSpan(span: Span): void {
  for (let open = recorder.getStore(); open; open = open.outer) open.spans.push(span);
}

/** The span that runs here, where one is heard of. */
export function currentSpan(): Span | undefined {
  return current.getStore();
}
