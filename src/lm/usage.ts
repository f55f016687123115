import { ContextVariable, listen, type Span } from "../core/index.ts";
import type { Usage } from "./request.ts";

/** What calls of models took. */
export interface UsageTotals {
  /** Calls in all, whether they ended well or not. */
  calls: number;
  /** Those answered from the cache. They count for nothing below. */
  cachedCalls: number;
  /** Those that failed. */
  failedCalls: number;
  usage: Usage;
  /** US dollars; null where the price of any call is not known. */
  cost: number | null;
  /** The calls' time added up; calls side by side took less on the clock. */
  seconds: number;
}

/** No tokens. */
export const noUsage: Usage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
});

/** Both together. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}

/** Adds up `model` spans; other kinds are passed over, so a whole trace may be given. */
export class UsageMeter {
  #totals: UsageTotals = { calls: 0, cachedCalls: 0, failedCalls: 0, usage: noUsage, cost: 0, seconds: 0 };

  /** The totals so far. */
  get totals(): UsageTotals {
    return { ...this.#totals };
  }

  /** Counts a span that ended. */
  add(span: Span): void {
    if (span.kind !== "model") return;
    const totals = this.#totals;
    totals.calls++;
    const { usage, cost, cached, seconds } = span.attributes as Partial<{
      usage: Usage;
      cost: number | null;
      cached: boolean;
      seconds: number;
    }>;
    if (usage === undefined) totals.failedCalls++;
    else if (cached) totals.cachedCalls++;
    else {
      totals.usage = addUsage(totals.usage, usage);
      totals.cost = totals.cost === null || cost === null || cost === undefined ? null : totals.cost + cost;
      totals.seconds += seconds ?? 0;
    }
  }
}

/** What the `model` spans among `spans` took. */
export function usageOf(spans: Iterable<Span>): UsageTotals {
  const meter = new UsageMeter();
  for (const span of spans) meter.add(span);
  return meter.totals;
}

interface Scope {
  meter: UsageMeter;
  outer: Scope | undefined;
}

const scopes = new ContextVariable<Scope>();
let open = 0;
let stopListening: (() => void) | undefined;

/**
 * Runs `body` and tells what the models called within it took, wherever they were called. Scopes nest, and
 * scopes side by side never see each other's calls.
 *
 * @example
 * const { value, usage } = await meterUsage(() => program.call({ question: "…" }));
 */
export async function meterUsage<T>(body: () => Promise<T>): Promise<{ value: T; usage: UsageTotals }> {
  const meter = new UsageMeter();
  if (open++ === 0) stopListening = listen({ end: hear }, ["model"]);
  try {
    const value = await scopes.run({ meter, outer: scopes.get() }, body);
    return { value, usage: meter.totals };
  } finally {
    if (--open === 0) stopListening?.();
  }
}

function hear(span: Span): void {
  for (let scope = scopes.get(); scope; scope = scope.outer) scope.meter.add(span);
}
