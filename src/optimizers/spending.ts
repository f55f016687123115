import type { Rollout } from "../evaluate/index.ts";
import {
  addUsed,
  BudgetExhausted,
  type ModelRole,
  nothingUsed,
  requireBudget,
  type StudyBudget,
  type Used,
} from "./budget.ts";

/** What a study spends of its budget, and whether the budget holds what is next. */
export class Spending {
  readonly #whole: Readonly<StudyBudget>;
  readonly #started = performance.now();
  readonly #used: Record<ModelRole, Used> = {
    task: nothingUsed,
    prompt: nothingUsed,
    reflection: nothingUsed,
    teacher: nothingUsed,
  };
  /** What ended rollouts took, those of an evaluation that is still under way included. */
  #ended: Readonly<Used> = nothingUsed;
  /** Rollouts under way, whose calls count against the budget before they are known. */
  #underWay = 0;
  /** Proposals under way, which count against the budget of calls before they are answered. */
  readonly #asking = { prompt: 0, reflection: 0, teacher: 0 };
  /** Rollouts at which the part of the work that is under way ends. */
  #rolloutLimit: number | undefined;
  #callsARollout: number;

  /** @param callsARollout what a rollout is held to ask of models until one asked for more. */
  constructor(budget: Readonly<StudyBudget>, callsARollout: number) {
    this.#whole = budget;
    this.#callsARollout = callsARollout;
  }

  /** What may be spent in all; by the part under way, where that is less. */
  get budget(): Readonly<StudyBudget> {
    if (this.#rolloutLimit === undefined) return this.#whole;
    return { ...this.#whole, rollouts: Math.min(this.#whole.rollouts ?? Infinity, this.#rolloutLimit) };
  }

  get used(): Readonly<Record<ModelRole, Readonly<Used>>> {
    return this.#used;
  }

  /** What all roles used together. */
  get total(): Readonly<Used> {
    return Object.values(this.#used).reduce(addUsed);
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Runs a part of the work with `rollouts` more at most; false where that ended it. */
  async within(rollouts: number, part: () => Promise<void>): Promise<boolean> {
    const outer = this.#rolloutLimit;
    this.#rolloutLimit = Math.min(outer ?? Infinity, this.#used.task.rollouts + Math.max(0, rollouts));
    try {
      await part();
      return true;
    } catch (error) {
      if (!(error instanceof BudgetExhausted)) throw error;
      return false;
    } finally {
      this.#rolloutLimit = outer;
    }
  }

  /** True where the budget is likely to hold this many more rollouts, each as dear as those so far. */
  affords(rollouts: number): boolean {
    const { task } = this.#used;
    const of = (limit: number | undefined, spent: number | null) =>
      limit === undefined || spent === null || spent + (rollouts * spent) / task.rollouts <= limit;
    const { budget } = this;
    if (task.rollouts === 0) return budget.rollouts === undefined || rollouts <= budget.rollouts;
    return (
      task.rollouts + rollouts <= (budget.rollouts ?? Infinity) &&
      of(budget.calls, Math.max(task.calls, task.rollouts * this.#callsARollout)) &&
      of(budget.tokens, task.tokens) &&
      of(budget.cost, task.cost) &&
      of(budget.seconds, this.seconds)
    );
  }

  /** Counts rollouts that begin. Throws BudgetExhausted, and counts none, where the budget does not hold them all. */
  begin(rollouts: number): void {
    this.#require("task", { rollouts, calls: (this.#underWay + rollouts) * this.#callsARollout });
    this.add("task", { ...nothingUsed, rollouts });
    this.#underWay += rollouts;
  }

  /** Rollouts that began are under way no more. */
  end(rollouts: number): void {
    this.#underWay -= rollouts;
  }

  /** Takes back the count of rollouts that began and were not run. */
  takeBack(rollouts: number): void {
    this.add("task", { ...nothingUsed, rollouts: -rollouts });
  }

  /** Throws BudgetExhausted where the tokens, dollars or seconds are spent by what has ended. */
  requireRest(): void {
    requireBudget("task", this.budget, this.#ended, { rollouts: 0, calls: 0 }, this.seconds);
  }

  /** Notes at once what a rollout took that has ended, for {@link requireRest}. */
  note({ inputTokens, outputTokens, cost }: Rollout): void {
    this.#ended = addUsed(this.#ended, { ...nothingUsed, tokens: inputTokens + outputTokens, cost });
  }

  /** Counts what a rollout took; to be called in the logical order, by which strategies decide. */
  count({ calls, inputTokens, outputTokens, cost }: Rollout): void {
    this.#callsARollout = Math.max(this.#callsARollout, calls);
    this.add("task", { rollouts: 0, calls, tokens: inputTokens + outputTokens, cost });
  }

  /** Throws BudgetExhausted where the budget of a model that helps does not hold a further call. */
  requireCall(role: Exclude<ModelRole, "task">): void {
    this.#require(role, { rollouts: 0, calls: this.#asking[role] + 1 });
  }

  /** Asks a model that helps; while it is asked, that counts as a call. */
  async asking<T>(role: Exclude<ModelRole, "task">, ask: () => Promise<T>): Promise<T> {
    this.#asking[role]++;
    try {
      return await ask();
    } finally {
      this.#asking[role]--;
    }
  }

  add(role: ModelRole, used: Readonly<Used>): void {
    this.#used[role] = addUsed(this.#used[role], used);
  }

  #require(role: ModelRole, next: { rollouts: number; calls: number }): void {
    const { budget } = this;
    requireBudget(role, role === "task" ? budget : budget[role], this.#used[role], next, this.seconds);
  }
}
