import { randomBytes } from "node:crypto";
import type { Span } from "../core/index.ts";
import { sessionAttributes } from "./session.ts";
import { type Content, spanAttributes } from "./span-attributes.ts";
import { mlflowTraceId, traceIdOf } from "./trace-id.ts";

/** A span as OpenTelemetry's serialiser takes it. */
type OtlpSpan = Parameters<
  (typeof import("@opentelemetry/otlp-transformer"))["ProtobufTraceSerializer"]["serializeRequest"]
>[0][number];

const spanIds = new WeakMap<Span, string>();

/** The outermost call of the trace a span is of: a row begins a trace of its own, and so does a call without parent. */
export function rootOf(span: Span): Span {
  let root = span;
  while (root.kind !== "row" && root.parent) root = root.parent;
  return root;
}

const traced = new WeakMap<object, Span>();

/** Keeps which trace an answer came from; to be called where the trace's outermost call ends. */
export function noteAnswer(root: Span): void {
  if (typeof root.result === "object" && root.result !== null) traced.set(root.result, root);
}

/** MLflow's id of the trace of the call that gave `answer`; undefined where it was not traced. */
export function traceOfAnswer(answer: object): string | undefined {
  const root = traced.get(answer);
  return root && mlflowTraceId(traceIdOf(root));
}

/** Spans in OTLP's protobuf form. */
export async function serializeSpans(spans: readonly Span[], content: Content): Promise<Uint8Array> {
  const { ProtobufTraceSerializer } = await import("@opentelemetry/otlp-transformer");
  return ProtobufTraceSerializer.serializeRequest(spans.map((span) => otlpSpan(span, content)))!;
}

function otlpSpan(span: Span, content: Content): OtlpSpan {
  const { parent, startedAt, endedAt = startedAt, error } = span;
  const isRoot = rootOf(span) === span;
  const failure = error === undefined ? undefined : describeError(error, content);
  return {
    name: content.redactor.text(span.name),
    kind: span.kind === "model" ? 2 : 0, // a call out of the process; within it
    spanContext: () => contextOf(span),
    ...(parent && !isRoot ? { parentSpanContext: contextOf(parent) } : {}),
    startTime: highResolution(startedAt),
    endTime: highResolution(endedAt),
    duration: highResolution(endedAt - startedAt),
    ended: true,
    status: failure ? { code: 2, message: failure.message } : { code: 1 },
    attributes: {
      ...spanAttributes(span, content),
      ...(isRoot ? content.redactor.value(sessionAttributes(span)) : {}),
      ...(failure ? { "error.type": failure.type } : {}),
    },
    // A row's trace points at the evaluation it is of.
    links: isRoot && parent ? [{ context: contextOf(parent) }] : [],
    events: failure
      ? [
          {
            name: "exception",
            time: highResolution(endedAt),
            attributes: { "exception.type": failure.type, "exception.message": failure.message },
          },
        ]
      : [],
    resource,
    instrumentationScope: { name: "lmframe" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function contextOf(span: Span) {
  return { traceId: traceIdOf(rootOf(span)), spanId: spanIdOf(span), traceFlags: 1 };
}

function spanIdOf(span: Span): string {
  let id = spanIds.get(span);
  if (id === undefined) spanIds.set(span, (id = randomBytes(8).toString("hex")));
  return id;
}

function describeError(error: unknown, { redactor }: Content): { type: string; message: string } {
  const [type, message] =
    error instanceof Error ? [error.name, error.message] : [typeof error, String(error)];
  return { type, message: redactor.text(message) };
}

const resource: OtlpSpan["resource"] = {
  attributes: { "service.name": process.env.OTEL_SERVICE_NAME || "lmframe" },
  merge: () => resource,
  getRawAttributes: () => Object.entries(resource.attributes),
};

/** Seconds and nanoseconds. */
function highResolution(milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.min(999_999_999, Math.round((milliseconds - seconds * 1000) * 1e6))];
}
