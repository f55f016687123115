import { randomBytes } from "node:crypto";
import { type Setting, setting, type Span } from "../core/index.ts";

const ids = new WeakMap<Span, string>();
const reserved: Setting<{ id: string | undefined } | undefined> = setting<
  { id: string | undefined } | undefined
>(undefined);

/** An id that no trace has: 16 bytes, hexadecimal. */
export function newTraceId(): string {
  return randomBytes(16).toString("hex");
}

/** Runs `body`, in which the first trace to begin has this id. */
export function withTraceId<R>(id: string, body: () => R): R {
  return reserved.run({ id }, body);
}

/** Gives a trace the id that is reserved for it here; to be called as its outermost call begins. */
export function takeTraceId(root: Span): void {
  const kept = reserved.get();
  if (kept?.id === undefined) return;
  // Of several that trace, the first to hear has given it.
  ids.set(root, kept.id);
  kept.id = undefined;
}

/** The id of the trace whose outermost call this is. */
export function traceIdOf(root: Span): string {
  let id = ids.get(root);
  if (id === undefined) ids.set(root, (id = newTraceId()));
  return id;
}

/**
 * Whether a trace is of the share that is kept. Its id decides, so that this is known before it begins
 * (https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/).
 */
export function isSampled(id: string, share: number): boolean {
  // 52 of the 56 bits that are random by the specification, for a number holds them exactly.
  return Number.parseInt(id.slice(-13), 16) / 2 ** 52 >= 1 - share;
}

/** MLflow's spelling of a trace's id. */
export function mlflowTraceId(id: string): string {
  return `tr-${id}`;
}
