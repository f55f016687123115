import { ConfigurationError } from "../../core/index.ts";
import type { Abilities } from "../../lm/index.ts";
import { Isotonic } from "./isotonic.ts";
import type { ModelRecord, ModelTrial } from "./model-record.ts";
import {
  callCost,
  callSeconds,
  type CallSize,
  type ModelKind,
  type RegisteredModel,
} from "./registered-model.ts";
import type { ModelRegistry } from "./registry.ts";
import { Strength } from "./strength.ts";

/** What a model is wanted for. */
export interface ModelTask {
  /** How hard it is, from 0 to 1; `simple` is 0. */
  complexity: number | "simple";
  /** Milliseconds it may take. Default: any. */
  latencyBudget?: number | undefined;
  /** US dollars it may cost. Default: any. */
  costBudget?: number | undefined;
  /** Default `chat`. */
  kind?: ModelKind | undefined;
  /** What the endpoint must be able to do; it is passed over only where it is known that it cannot. */
  needs?: readonly (keyof Abilities)[] | undefined;
  /** Tokens of a call, for price, time and context. Default: 500 in, 100 out. */
  size?: CallSize | undefined;
}

/** What is known or expected of a model for a task. */
export interface ConsideredModel {
  model: RegisteredModel;
  /** Expected score; undefined where there are no evaluations. */
  score?: number | undefined;
  /** US dollars; undefined where not known. */
  cost?: number | undefined;
  /** Undefined where not known. */
  seconds?: number | undefined;
  /** Why it cannot be taken. */
  excluded?: string | undefined;
}

/** The model for a task, with the reasons. */
export interface ModelChoice {
  model: RegisteredModel;
  /** Whether it was chosen by the rule for the beginning, or learned from evaluations. */
  by: "rule" | "evaluations";
  /** In a sentence. */
  why: string;
  /** All models of the kind, the one chosen among them. */
  considered: readonly ConsideredModel[];
}

/** Options of {@link ModelSelector}. */
export interface ModelSelectorOptions {
  /** What models made of tasks: {@link readModelRecords}, {@link modelRecord}. Default: none; then the rule decides. */
  records?: readonly ModelRecord[] | undefined;
  /** Share of the best score that may be lost for a lower price. Default 0.01. */
  tolerance?: number | undefined;
}

/** Trials below which a model's record is not trusted. */
const fewestTrials = 20;
const usualSize: CallSize = { inputTokens: 500, outputTokens: 100 };
const simple = 0.3;
const hard = 0.7;

/**
 * Chooses models for tasks. Without evaluations by a rule: where a task is to take less than 200 ms or is simple (below
 * 0.3) the smallest, where it is hard (above 0.7) the largest, else by price: the largest that the cost budget pays for,
 * without one the cheapest. Budgets come first, but for one below 200 ms that no model is known to keep: there the smallest
 * is taken too, and the reasons say how long it takes.
 *
 * With evaluations of at least two models it learns how each one's score falls with how hard tasks are (a logistic curve),
 * how its cost and time rise (isotonic regression), and what a dollar must bring: a task goes to the model with the
 * greatest expected score less λ times its expected cost, λ being the greatest that keeps the mean expected score of the
 * recorded tasks within half of the tolerance of the best (Lagrangian relaxation of "the cheapest at that score"). The
 * other half of the tolerance is for what tasks to come have in store.
 *
 * Where price counts, by evaluations or a cost budget, a model whose price is not known is taken only where no other will
 * do, and the reasons say so.
 */
export class ModelSelector {
  readonly #registry: ModelRegistry;
  readonly #learned: ReadonlyMap<string, Learned>;
  readonly #lambda: number;

  constructor(registry: ModelRegistry, { records = [], tolerance = 0.01 }: ModelSelectorOptions = {}) {
    if (!(tolerance >= 0 && tolerance < 1))
      throw new ConfigurationError(`invalid tolerance: ${tolerance}, expected at least 0 and less than 1`);
    this.#registry = registry;
    const trusted = records.filter(
      ({ model, trials }) => registry.has(model) && trials.length >= fewestTrials,
    );
    this.#learned = new Map(trusted.map(({ model, trials }) => [model, new Learned(trials)]));
    this.#lambda = priceOfScore(
      [...this.#learned].map(([name, learned]) => ({
        score: (at) => learned.score(at),
        cost: (at) => learned.cost(at) ?? callCost(registry.get(name), usualSize) ?? undefined,
      })),
      trusted.flatMap(({ trials }) => trials.map(({ complexity }) => complexity)),
      tolerance / 2,
    );
  }

  /** @throws ConfigurationError where no model of the kind will do, saying of each why not. */
  select(task: ModelTask): ModelChoice {
    const { kind = "chat", size = usualSize } = task;
    const complexity = task.complexity === "simple" ? 0 : task.complexity;
    if (!(complexity >= 0 && complexity <= 1))
      throw new ConfigurationError(`invalid complexity: ${complexity}, expected 0 to 1, or "simple"`);
    const facts = this.#registry.of(kind).map((model) => this.#facts(model, size, complexity));
    const considered = facts.map((one) => ({
      ...one,
      excluded: reasonAgainst(one, task, size) ?? tooSlow(one, task),
    }));
    const open = considered.filter(({ excluded }) => excluded === undefined);
    if (open.length === 0) {
      const late = facts.filter((one) => reasonAgainst(one, task, size) === undefined);
      if (late.length > 0 && isUrgent(task) && late.filter(evaluated).length < 2)
        return smallestThoughLate(late, considered, task);
      const reasons = considered.map(({ model, excluded }) => `${model.name}: ${excluded}`).join("; ");
      throw new ConfigurationError(
        `no ${kind} model will do${reasons ? ` (${reasons})` : ": the registry has none"}`,
      );
    }
    const known = open.filter(evaluated);
    return known.length >= 2
      ? this.#byEvaluations(known, considered, complexity)
      : byRule(open, considered, task, complexity);
  }

  #facts(model: RegisteredModel, size: CallSize, complexity: number): ConsideredModel {
    const learned = this.#learned.get(model.name);
    return {
      model,
      score: learned?.score(complexity),
      cost: learned?.cost(complexity) ?? callCost(model, size) ?? undefined,
      seconds: learned?.seconds(complexity) ?? callSeconds(model, size),
    };
  }

  #byEvaluations(
    known: readonly ConsideredModel[],
    considered: readonly ConsideredModel[],
    complexity: number,
  ): ModelChoice {
    const able = pricedFirst(known);
    const strongest = best(able, ({ score }) => score!);
    const chosen = best(able, ({ score, cost }) => score! - this.#lambda * (cost ?? 0));
    const unpriced = best(known, ({ score }) => score!);
    const told = ({ model, score, cost }: ConsideredModel) =>
      `${model.name} is expected to score ${score!.toFixed(3)}${cost === undefined ? "" : ` for $${amount(cost)}`}`;
    const why =
      `at complexity ${complexity.toFixed(2)} ${told(chosen)}` +
      (chosen === strongest
        ? ", and no other more"
        : `; the best, ${told(strongest)}: a dollar must bring ${amount(this.#lambda)}`) +
      (unpriced.score! > strongest.score! ? `; ${told(unpriced)}, but its price is not known` : "") +
      unknownPrice(chosen);
    return { model: chosen.model, by: "evaluations", why, considered };
  }
}

/** Chooses a model for one task; see {@link ModelSelector}, which chooses for many. */
export function selectModel(
  task: ModelTask,
  registry: ModelRegistry,
  options?: ModelSelectorOptions,
): ModelChoice {
  return new ModelSelector(registry, options).select(task);
}

/** How a model does, over how hard tasks are. */
class Learned {
  readonly #strength: Strength;
  readonly #cost: Isotonic | undefined;
  readonly #seconds: Isotonic | undefined;

  constructor(trials: readonly ModelTrial[]) {
    const metered = trials.filter((trial) => trial.metered !== false);
    const rising = (of: (trial: ModelTrial) => number) =>
      metered.length === 0
        ? undefined
        : new Isotonic(metered.map((trial) => [trial.complexity, of(trial)] as const));
    this.#strength = new Strength(trials.map(({ complexity, score }) => [complexity, score] as const));
    this.#cost = metered.every(({ cost }) => cost !== null) ? rising(({ cost }) => cost!) : undefined;
    this.#seconds = rising(({ seconds }) => seconds);
  }

  score(complexity: number): number {
    return this.#strength.at(complexity);
  }

  cost(complexity: number): number | undefined {
    return this.#cost?.at(complexity);
  }

  seconds(complexity: number): number | undefined {
    return this.#seconds?.at(complexity);
  }
}

/**
 * The most score that a dollar can be asked to bring, if tasks so hard may lose this share of the best mean score. Models
 * whose cost is not known are left out.
 */
function priceOfScore(
  models: readonly {
    score: (complexity: number) => number;
    cost: (complexity: number) => number | undefined;
  }[],
  complexities: readonly number[],
  share: number,
): number {
  const tasks = complexities.map((at) =>
    models.flatMap((model) => {
      const cost = model.cost(at);
      return cost === undefined ? [] : [{ score: model.score(at), cost }];
    }),
  );
  const dearest = Math.max(0, ...tasks.map((task) => Math.max(...task.map(({ cost }) => cost))));
  // Whether its cost is known does not depend on the task.
  if ((tasks[0]?.length ?? 0) < 2 || dearest === 0) return 0;
  const mean = (lambda: number) =>
    tasks.reduce((sum, task) => sum + best(task, ({ score, cost }) => score - lambda * cost).score, 0) /
    tasks.length;
  const wanted = mean(0) * (1 - share);
  // Where a dollar must bring this much, nothing but the price counts.
  let [low, high] = [0, 1e6 / dearest];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (mean(middle) >= wanted) low = middle;
    else high = middle;
  }
  return low;
}

function reasonAgainst(
  { model, cost }: ConsideredModel,
  { costBudget, needs = [] }: ModelTask,
  { inputTokens, outputTokens }: CallSize,
): string | undefined {
  const lacks = needs.find((ability) => model.abilities?.[ability] === false);
  if (lacks) return `it cannot do ${lacks}`;
  if (model.context !== undefined && inputTokens + outputTokens > model.context)
    return `its context of ${model.context} tokens is too short`;
  if (costBudget !== undefined && cost !== undefined && cost > costBudget)
    return `it costs $${amount(cost)}, more than $${amount(costBudget)}`;
  return undefined;
}

function tooSlow({ seconds }: ConsideredModel, { latencyBudget }: ModelTask): string | undefined {
  if (latencyBudget !== undefined && seconds !== undefined && seconds * 1000 > latencyBudget)
    return `it takes ${amount(seconds * 1000)} ms, more than ${latencyBudget}`;
  return undefined;
}

/** Whether the time is that of the smallest model only. */
function isUrgent({ latencyBudget }: ModelTask): boolean {
  return latencyBudget !== undefined && latencyBudget < 200;
}

function evaluated({ score }: ConsideredModel): boolean {
  return score !== undefined;
}

/** Those whose cost is known; all, where none's is: what is not known is never taken for free. */
function pricedFirst(models: readonly ConsideredModel[]): readonly ConsideredModel[] {
  const priced = models.filter(({ cost }) => cost !== undefined);
  return priced.length > 0 ? priced : models;
}

function unknownPrice({ cost }: ConsideredModel): string {
  return cost === undefined ? "; its price is not known, nor is that of another that will do" : "";
}

function ruled({ model }: ConsideredModel, considered: readonly ConsideredModel[], why: string): ModelChoice {
  return { model, by: "rule", why: `${why} (a rule; nothing was evaluated yet)`, considered };
}

function byRule(
  open: readonly ConsideredModel[],
  considered: readonly ConsideredModel[],
  task: ModelTask,
  complexity: number,
): ModelChoice {
  const { latencyBudget, costBudget } = task;
  const able = costBudget === undefined ? open : pricedFirst(open);
  const size = sizes(able);
  const smallest = best(able, (one) => -size(one));
  const largest = best(able, size);
  const chosen = (model: ConsideredModel, why: string): ModelChoice =>
    ruled(model, considered, costBudget === undefined ? why : why + unknownPrice(model));
  if (isUrgent(task)) return chosen(smallest, `${latencyBudget} ms leave time for the smallest model only`);
  if (complexity < simple) return chosen(smallest, "a simple task goes to the smallest model");
  if (complexity > hard)
    return chosen(largest, `a task of complexity ${complexity.toFixed(2)} goes to the largest model`);
  if (costBudget !== undefined)
    return largest.cost === undefined
      ? chosen(largest, "the largest model")
      : chosen(largest, `the largest model that $${amount(costBudget)} pays for`);
  const cheapest = best(open, ({ cost }) => -(cost ?? Infinity));
  return cheapest.cost === undefined
    ? ruled(
        cheapest,
        considered,
        `a task of middling complexity goes to the first model${unknownPrice(cheapest)}`,
      )
    : chosen(cheapest, "a task of middling complexity goes to the cheapest model");
}

/** The smallest of models all of which are known to take longer than an urgent task may. */
function smallestThoughLate(
  late: readonly ConsideredModel[],
  considered: readonly ConsideredModel[],
  { latencyBudget, costBudget }: ModelTask,
): ModelChoice {
  const able = costBudget === undefined ? late : pricedFirst(late);
  const size = sizes(able);
  const smallest = best(able, (one) => -size(one));
  return ruled(
    smallest,
    considered.map((one) => (one.model === smallest.model ? { ...one, excluded: undefined } : one)),
    `${latencyBudget} ms leave time for the smallest model only, and it is known to take longer: ` +
      `${amount(smallest.seconds! * 1000)} ms` +
      (costBudget === undefined ? "" : unknownPrice(smallest)),
  );
}

/** What small and large go by: weights where all tell them, else price, else the order in the registry. */
function sizes(models: readonly ConsideredModel[]): (model: ConsideredModel) => number {
  if (models.every(({ model }) => model.parameters !== undefined)) return ({ model }) => model.parameters!;
  if (models.every(({ cost }) => cost !== undefined)) return ({ cost }) => cost!;
  return (model) => models.indexOf(model);
}

/** The first with the greatest value. */
function best<T>(items: readonly T[], value: (item: T) => number): T {
  return items.reduce((found, item) => (value(item) > value(found) ? item : found));
}

function amount(value: number): string {
  return String(Number(value.toPrecision(3)));
}
