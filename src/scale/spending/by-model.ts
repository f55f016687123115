import type { Evaluation, RowResult } from "../../evaluate/index.ts";
import { callCost, type RegisteredModel } from "../models/registered-model.ts";

/** What a run would have cost on a model. */
export interface ModelCost {
  model: RegisteredModel;
  /** US dollars; an estimate: other models cut texts into other tokens, and write longer or shorter answers. */
  cost: number;
  /** `cost` over what the run did cost; undefined where that is not known, or was nothing. */
  share: number | undefined;
}

/**
 * What a run would have cost on each chat model whose price is known, the cheapest first: its tokens at their prices.
 * Models whose context is too short for the run's longest call are left out. Requests of one call of a predictor (a reply
 * that could not be read is asked for again) are not told apart, and count as one: so no model is named that might fail.
 */
export function costByModel(
  { rows, used }: Pick<Evaluation, "rows" | "used">,
  models: Iterable<RegisteredModel>,
): ModelCost[] {
  let longest = 0;
  for (const row of rows) longest = Math.max(longest, longestCall(row));
  const found: ModelCost[] = [];
  for (const model of models) {
    const { kind = "chat", context = Infinity } = model;
    const cost = callCost(model, used);
    if (kind !== "chat" || cost === null || longest > context) continue;
    found.push({ model, cost, share: used.cost ? cost / used.cost : undefined });
  }
  return found.sort((a, b) => a.cost - b.cost);
}

/** Tokens of a row's longest call; what was asked outside of its predictors counts as one. */
function longestCall(row: RowResult): number {
  const calls = row.trace.map(({ used }) => (used ? used.inputTokens + used.outputTokens : 0));
  const outside = row.inputTokens + row.outputTokens - calls.reduce((sum, tokens) => sum + tokens, 0);
  return Math.max(outside, ...calls);
}
