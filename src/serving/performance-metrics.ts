import type { PerformanceFigures } from "./performance-tally.ts";

/** Figures as metrics of a tracking server: what is not known is left out. */
export function metricsOf(
  { calls, failed, successRate, seconds, tokens, cost, score }: PerformanceFigures,
  prefix = "",
): Record<string, number> {
  const metrics = {
    calls,
    failed,
    success_rate: successRate,
    p50_latency_ms: seconds.p50 * 1000,
    p95_latency_ms: seconds.p95 * 1000,
    input_tokens: tokens.input,
    output_tokens: tokens.output,
    estimated_cost_usd: cost ?? NaN,
    mean_rating: score.mean,
  };
  return Object.fromEntries(
    Object.entries(metrics)
      .filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => [prefix + name, value]),
  );
}
