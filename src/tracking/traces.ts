import { listen, redactor, type Span } from "../core/index.ts";
import { experimentName } from "./experiment.ts";
import type { Operation } from "./operation.ts";
import { otlpEndpoint, sendOtlp } from "./otlp-endpoint.ts";
import { noteAnswer, rootOf, serializeSpans } from "./otlp-span.ts";
import { Outbox } from "./outbox.ts";
import { type ActiveRun, activeRun } from "./run.ts";
import { noteSession } from "./session.ts";
import { isSampled, mlflowTraceId, newTraceId, takeTraceId, traceIdOf, withTraceId } from "./trace-id.ts";

/** What {@link startTracing} takes. */
export interface TracingOptions {
  /** MLflow experiment of traces outside of a run. Default: the one in force as tracing starts. */
  experiment?: string | undefined;
  /** Share of traces that are kept, 0 to 1; whole traces, never parts. Default 1. */
  sample?: number | undefined;
  /**
   * Changes what leaves of inputs and outputs, after keys and tokens are taken out: gets plain JSON, gives what
   * to send. `() => null` sends none.
   */
  redact?: ((value: unknown) => unknown) | undefined;
}

/** Tracing that is under way. */
export interface Tracing {
  /** Sends the traces that are whole. */
  flush(): Promise<void>;
  /** Stops listening and sends what is whole. A trace whose root still runs is dropped. */
  stop(): Promise<void>;
}

/** Spans that are sent at a time, and milliseconds that whole traces wait for more. */
const batch = { spans: 500, wait: 2000 };

/**
 * Sends every call as OpenTelemetry spans: to MLflow, or to the endpoint of `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or
 * `OTEL_EXPORTER_OTLP_ENDPOINT` where one is set (with the headers of `OTEL_EXPORTER_OTLP_HEADERS`). It is a
 * listener of the events of calls; nothing else knows of it.
 *
 * A row of an evaluation or a map is a trace of its own, and so is each call outside of one; traces are sent whole.
 * In MLflow those of a `mlflow.run` are listed under it. Where MLflow is away traces wait in the spool for `sync`;
 * another endpoint that is away loses them. A warning tells of either, once.
 */
export function startTracing(options: TracingOptions = {}): Tracing {
  const { sample = 1, redact = (value: unknown) => value } = options;
  if (!(sample >= 0 && sample <= 1)) throw new RangeError(`invalid sample: ${sample}, expected 0 to 1`);
  const experiment = options.experiment ?? experimentName();
  /** The spans of a trace by its root, which ended last; undefined for a trace that is not kept. */
  const growing = new WeakMap<Span, Span[] | undefined>();
  const ready = new Map<ActiveRun | undefined, Span[]>();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  let warned = false;

  const begin = (span: Span): void => {
    if (rootOf(span) === span) takeTraceId(span);
  };

  const hear = (span: Span): void => {
    const root = rootOf(span);
    if (!growing.has(root)) growing.set(root, isSampled(traceIdOf(root), sample) ? [] : undefined);
    const spans = growing.get(root);
    if (!spans) return;
    spans.push(span);
    if (span === root) {
      noteAnswer(root);
      noteSession(root);
    }
    // What ends after its root goes by itself, and the server puts it with the rest.
    if (root.endedAt === undefined) return;
    const run = activeRun();
    if (!ready.has(run)) ready.set(run, []);
    ready.get(run)!.push(...spans);
    count += spans.length;
    spans.length = 0;
    if (count >= batch.spans) void flush();
    else timer ??= setTimeout(() => void flush(), batch.wait).unref();
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    count = 0;
    const taken = [...ready];
    ready.clear();
    sending = sending.then(async () => {
      for (const [run, spans] of taken) await send(run, spans).catch(warn);
    });
    return sending;
  };

  const send = async (run: ActiveRun | undefined, spans: readonly Span[]): Promise<void> => {
    const bytes = await serializeSpans(spans, { redactor: redactor(), redact });
    const endpoint = otlpEndpoint();
    if (endpoint) return sendOtlp(endpoint, bytes);
    const operation: Operation = {
      do: "traces",
      experiment: run?.experiment ?? experiment,
      spans: Buffer.from(bytes).toString("base64"),
      ...(run ? { run: run.runId === undefined ? { key: run.key } : { id: run.runId } } : {}),
    };
    const outbox = await Outbox.open("traces", [operation]);
    const reason = await outbox.close();
    if (reason !== undefined) warn(`${reason}; traces wait on disk, and mlflow.sync() sends them`);
  };

  const warn = (reason: unknown): void => {
    if (warned) return;
    warned = true;
    process.emitWarning(reason instanceof Error ? `traces are lost: ${reason.message}` : String(reason));
  };

  const unlisten = listen({ start: begin, end: hear });
  const onExit = () => void flush();
  process.on("beforeExit", onExit);
  const stop = (): Promise<void> => {
    unlisten();
    process.off("beforeExit", onExit);
    underWay.delete(tracing);
    return flush();
  };
  const tracing: Tracing = { flush, stop };
  underWay.set(tracing, sample);
  return tracing;
}

/** Tracing that is under way, each with the share of traces that it keeps. */
const underWay = new Map<Tracing, number>();

/** Whether calls are traced here and now. */
export function isTracing(): boolean {
  return underWay.size > 0;
}

/**
 * Runs `body`, which is given MLflow's id of the first trace that begins in it, before it begins; undefined where none
 * is kept, or traces go elsewhere than to MLflow.
 */
export function announceTrace<R>(body: (id: string | undefined) => R): R {
  if (underWay.size === 0 || otlpEndpoint()) return body(undefined);
  const id = newTraceId();
  const isKept = [...underWay.values()].some((share) => isSampled(id, share));
  return withTraceId(id, () => body(isKept ? mlflowTraceId(id) : undefined));
}

/** Sends the traces that are whole, of all tracing that is under way. */
export async function flushTracing(): Promise<void> {
  await Promise.all([...underWay.keys()].map((tracing) => tracing.flush()));
}
