import type { Span } from "../../core/index.ts";
import type { LMResponse } from "../../lm/index.ts";

/**
 * How sure a run's models were of what they wrote, from 0 to 1: of the predictor that was least sure. A predictor that
 * weighs its labels tells the probability of the one it chose, as calibrated; any other one that of the least likely token of
 * its answer, which tells wrong answers apart better than the mean over all tokens does (Gupta et al. 2024, "Language
 * Model Cascades: Token-level uncertainty and beyond"; there Chow-Quantile-0).
 *
 * Undefined where an endpoint tells no log-probabilities, and where no model was asked.
 *
 * @param spans the run's, as `record` gives them, the models asked with `topLogprobs`.
 */
export function runConfidence(spans: readonly Span[]): number | undefined {
  const weighed = new Set(spans.filter(({ attributes }) => attributes.probabilities !== undefined));
  const found: (number | undefined)[] = [...weighed].map(({ attributes }) =>
    Math.max(...Object.values(attributes.probabilities as Record<string, number>)),
  );
  for (const span of spans) {
    if (span.kind === "model" && span.result !== undefined && !within(span, weighed))
      found.push(leastProbability(span.result as LMResponse));
  }
  if (found.length === 0 || found.includes(undefined)) return undefined;
  return Math.min(...(found as number[]));
}

function within(span: Span, others: ReadonlySet<Span>): boolean {
  for (let outer = span.parent; outer; outer = outer.parent) if (others.has(outer)) return true;
  return false;
}

function leastProbability({ choices }: LMResponse): number | undefined {
  const tokens = choices[0]?.logprobs;
  if (!tokens || tokens.length === 0) return undefined;
  return Math.exp(Math.min(0, ...tokens.map(({ logprob }) => logprob)));
}
