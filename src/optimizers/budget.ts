import { LmframeError } from "../core/index.ts";

/** What work may cost at most. Absent members are not limited. */
export interface Budget {
  /** Runs of the program on a row, as the metric counts them. */
  rollouts?: number | undefined;
  /** Requests to models. */
  calls?: number | undefined;
  /** Input and output tokens together. */
  tokens?: number | undefined;
  /** US dollars. A model without a known price is refused where this is set. */
  cost?: number | undefined;
  /** By the clock, resumed time not counted. */
  seconds?: number | undefined;
}

/** Who asks: the program itself, or one of the models that help to improve it. */
export type ModelRole = "task" | "prompt" | "reflection" | "teacher";

/** A budget for the program's own work, and one for each model that helps. */
export interface StudyBudget extends Budget {
  prompt?: Budget | undefined;
  reflection?: Budget | undefined;
  teacher?: Budget | undefined;
}

/** What was spent. */
export interface Used {
  rollouts: number;
  calls: number;
  tokens: number;
  /** US dollars; null once a price was not known. */
  cost: number | null;
}

export const nothingUsed: Readonly<Used> = { rollouts: 0, calls: 0, tokens: 0, cost: 0 };

/** The sum of two spendings. */
export function addUsed(a: Readonly<Used>, b: Readonly<Used>): Used {
  return {
    rollouts: a.rollouts + b.rollouts,
    calls: a.calls + b.calls,
    tokens: a.tokens + b.tokens,
    cost: a.cost === null || b.cost === null ? null : a.cost + b.cost,
  };
}

/** US dollars of all roles together; null where a price is not known. */
export function totalCost(used: Readonly<Record<ModelRole, Readonly<Used>>>): number | null {
  return Object.values(used).reduce(addUsed).cost;
}

/** A cost as people read it. */
export function dollars(cost: number | null): string {
  return cost === null ? "unknown" : `$${cost.toPrecision(3)}`;
}

/** The study may spend no more; the strategy ends, and the best candidate so far is taken. */
export class BudgetExhausted extends LmframeError {
  override name = "BudgetExhausted";
}

/**
 * Throws BudgetExhausted where `next` on top of `used` would pass a limit. Rollouts and calls are counted before
 * they are made; tokens, cost and time are known only after, so those end work with the rows under way.
 */
export function requireBudget(
  role: ModelRole,
  budget: Budget | undefined,
  used: Readonly<Used>,
  next: { rollouts: number; calls: number },
  seconds: number,
): void {
  if (!budget) return;
  const passed = (limit: number | undefined, spent: number) => limit !== undefined && spent > limit;
  const of = (what: string, limit: number | undefined) =>
    new BudgetExhausted(`the ${role} budget of ${limit} ${what} is spent`);
  if (passed(budget.rollouts, used.rollouts + next.rollouts)) throw of("rollouts", budget.rollouts);
  if (passed(budget.calls, used.calls + next.calls)) throw of("calls", budget.calls);
  if (passed(budget.tokens, used.tokens)) throw of("tokens", budget.tokens);
  if (passed(budget.seconds, seconds)) throw of("seconds", budget.seconds);
  if (budget.cost === undefined) return;
  if (used.cost === null) {
    throw new BudgetExhausted(
      `the ${role} budget is in dollars, and the model's price is not known; give it: lm(name, { price })`,
    );
  }
  if (passed(budget.cost, used.cost)) throw of("dollars", budget.cost);
}
