import type { Evaluation } from "../../evaluate/index.ts";

/** Where a run's money went: what one predictor of the program took. */
export interface PredictorSpending {
  /** Its path in the program. */
  predictor: string;
  /** Requests to models, those answered from the cache included. */
  calls: number;
  inputTokens: number;
  outputTokens: number;
  /** US dollars; null where a price is not known. */
  cost: number | null;
  /** Of the money where all of it is known, else of the tokens; 0 to 1. */
  share: number;
}

/**
 * Where the money of a run went, by predictor, the dearest first. Answers from the cache cost nothing: for what a run costs
 * anew, evaluate with `cache: false`.
 */
export function costByPredictor({ rows }: Pick<Evaluation, "rows">): PredictorSpending[] {
  const found = new Map<string, PredictorSpending>();
  for (const { trace } of rows) {
    for (const { predictor, used } of trace) {
      if (!used) continue;
      const entry = found.get(predictor) ?? nothing(predictor);
      found.set(predictor, entry);
      entry.calls += used.calls;
      entry.inputTokens += used.inputTokens;
      entry.outputTokens += used.outputTokens;
      entry.cost = entry.cost === null || used.cost === null ? null : entry.cost + used.cost;
    }
  }
  const all = [...found.values()];
  const known = all.every(({ cost }) => cost !== null) && all.some(({ cost }) => cost! > 0);
  const weight = ({ cost, inputTokens, outputTokens }: PredictorSpending) =>
    known ? cost! : inputTokens + outputTokens;
  const total = all.reduce((sum, one) => sum + weight(one), 0);
  for (const one of all) one.share = total > 0 ? weight(one) / total : 0;
  return all.sort((a, b) => b.share - a.share);
}

function nothing(predictor: string): PredictorSpending {
  return { predictor, calls: 0, inputTokens: 0, outputTokens: 0, cost: 0, share: 0 };
}
