import { ConfigurationError } from "../core/index.ts";
import { mean, quantile, type Rollout } from "../evaluate/index.ts";
import { meanScore, type Objective, weighted } from "./objective.ts";
import type { Ranked } from "./study.ts";

/** What a program is worth and what it takes to serve it, measured on the rows that it was chosen by. */
export interface ServingStats {
  /** Mean of the metric's scores. */
  readonly score: number;
  /** Mean milliseconds of a row. Answers from the cache take none, so measure with `cache: false`. */
  readonly averageLatencyMs: number;
  readonly p95LatencyMs: number;
  /** Mean tokens of a row, in and out. */
  readonly tokens: number;
  /** Mean US dollars of a row; null where a price is not known. */
  readonly cost: number | null;
}

/** A candidate as one of several to choose from: `search.programOf(point.candidate)` takes it. */
export interface ServingPoint extends ServingStats {
  readonly candidate: Ranked["candidate"];
}

/** What the rollouts of a candidate say of serving it. */
export function servingStats(results: readonly Rollout[]): ServingStats {
  const scored = results.filter(({ status }) => status !== "outage");
  const milliseconds = scored.map(({ seconds }) => seconds * 1000);
  const costs = scored.map(({ cost }) => cost);
  return {
    score: mean(scored.map(({ score }) => score)),
    averageLatencyMs: mean(milliseconds),
    p95LatencyMs: quantile(
      [...milliseconds].sort((a, b) => a - b),
      0.95,
    ),
    tokens: mean(scored.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens)),
    cost: costs.includes(null) ? null : mean(costs as number[]),
  };
}

/**
 * Objective: 0.8 of the mean score less 0.2 of the mean latency over its budget, so that a candidate that takes the whole
 * budget needs 0.25 more score than one that takes none.
 * `latencyBudget` is the seconds a row may take; `weights`, of score and latency, are `[0.8, 0.2]` by default.
 */
export function servingAware({
  latencyBudget,
  weights: [ofScore, ofLatency] = [0.8, 0.2],
}: {
  latencyBudget: number;
  weights?: readonly [score: number, latency: number];
}): Objective {
  if (!(latencyBudget > 0))
    throw new ConfigurationError(`invalid latencyBudget: ${latencyBudget}, expected seconds above 0`);
  const overBudget: Objective = (rows) => mean(rows.map(({ result }) => result.seconds)) / latencyBudget;
  return weighted([
    [ofScore, meanScore],
    [-ofLatency, overBudget],
  ]);
}

/**
 * Candidates of which none is at least as good in score, latency, tokens and cost together and better in one of them (the
 * Pareto front), the best score first. A cost that is not known counts for nothing.
 */
export function servingFront(ranking: readonly Ranked[]): ServingPoint[] {
  const points = ranking.map(({ candidate, draws }) => ({ candidate, ...servingStats(draws.flat()) }));
  return points
    .filter((point) => !points.some((other) => beats(other, point)))
    .sort((a, b) => b.score - a.score || a.averageLatencyMs - b.averageLatencyMs);
}

function beats(one: ServingStats, other: ServingStats): boolean {
  const known = one.cost !== null && other.cost !== null;
  const gains = [
    one.score - other.score,
    other.averageLatencyMs - one.averageLatencyMs,
    other.tokens - one.tokens,
    known ? other.cost - one.cost : 0,
  ];
  return gains.every((gain) => gain >= 0) && gains.some((gain) => gain > 0);
}
