import type { Random } from "../core/index.ts";
import { type AutoBudget, candidatesByAuto, trialsFor } from "./auto-budget.ts";
import type { Candidate } from "./candidate.ts";
import type { GuardrailOptions } from "./guardrails.ts";
import { findMerge, mergeKey } from "./merge-lineages.ts";
import { Optimizer, type OptimizerOptions, type ProposerOptions } from "./optimizer.ts";
import { ParetoFront } from "./pareto-front.ts";
import { InstructionProposer, proposerModels } from "./propose-instructions.ts";
import { reflection, runText } from "./reflection.ts";
import type { Rollouts, Study } from "./study.ts";

/** Options of {@link GEPA}. Defaults are those of DSPy 3.4 and gepa 0.1, where not said otherwise. */
export interface GEPAOptions extends OptimizerOptions, ProposerOptions, GuardrailOptions {
  /**
   * How many rollouts the search may take, by DSPy's formula from the number of predictors and validation rows: as
   * MIPROv2 would take for 6, 12 or 18 candidates. Default: the rollouts of the budget given to `compile`; `light`
   * where it gives none. DSPy has no default.
   */
  auto?: AutoBudget;
  /** Training rows that a reflection reads and a change must improve on. Default 3. */
  minibatch?: number;
  /** Score that cannot be improved: minibatches where every row has it are skipped. Default 1. */
  perfectScore?: number;
  /**
   * Which candidate is changed next: one of the Pareto front by validation row, in proportion to the rows it is
   * best on, or always the best by its score. Default `pareto`; `best` gets stuck sooner (section 4 of the paper).
   */
  select?: "pareto" | "best";
  /**
   * Mutations tried side by side, all of the front as it is before them; of those that improve their rows, the one
   * that gains most is scored on the validation rows. Default 4: as published, one after the other (1), waiting
   * takes most of a run's time.
   */
  mutationsAtOnce?: number;
  /** Merges that may be accepted; 0 for none. Default 5. They need a program of several predictors. */
  maxMerges?: number;
  /** Temperature of the reflection. Default 1, as DSPy's documentation advises for the reflection model. */
  reflectionTemperature?: number;
}

/**
 * Evolves the instructions of a program by reflection: a candidate runs on a few training rows, a model reads what
 * one predictor did there and what the metric said of it, and writes its instructions anew. A change that improves
 * those rows is scored on the validation rows; candidates are drawn from the Pareto front by validation row, and
 * lineages that improved different predictors are merged.
 *
 * Agrawal et al. 2025, "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement Learning",
 * https://arxiv.org/abs/2507.19457. It learns from what the metric says: give one with feedback. Proposer:
 * `reflectionModel`; it sees training rows only.
 */
export class GEPA extends Optimizer<GEPAOptions> {
  readonly reflect = reflection();

  protected override models() {
    return proposerModels(this.options);
  }

  protected async search(study: Study): Promise<void> {
    const { minibatch = 3, perfectScore = 1, maxMerges = 5, mutationsAtOnce = 4 } = this.options;
    const limit = rolloutLimit(study, this.options.auto);
    study.plan(limit - study.used.task.rollouts);
    const batches = minibatches(study.train.length, minibatch, study.random("gepa minibatches"));
    const evolution = new Evolution(study, await study.evaluate(study.base));
    const proposer = new InstructionProposer(study, this.options);
    // A search that runs nothing new over two passes through the training rows has nothing left to try.
    const patience = 2 * Math.ceil(study.train.length / minibatch);
    let merges = 0;
    let mergeNext = false;
    const perfect = () => evolution.best.results.every(({ score }) => score >= perfectScore);
    for (let idle = 0; !perfect() && study.used.task.rollouts < limit && idle < patience;) {
      const spent = study.used.task.rollouts;
      const merge = mergeNext && merges < maxMerges;
      mergeNext = false;
      const merged = merge ? await evolution.merge() : undefined;
      if (merged === true) merges++;
      if (merged === undefined) {
        const affordable = Math.floor((limit - spent) / (2 * minibatch));
        const count = Math.max(1, Math.min(mutationsAtOnce, affordable));
        mergeNext = await this.#mutate(evolution, proposer, batches, count);
        idle = study.used.task.rollouts === spent ? idle + count : 0;
      }
    }
    if (perfect()) {
      study.decide("stop", {
        candidate: evolution.best.candidate.id,
        reason: "no validation row can improve",
      });
    }
  }

  /** Some steps of the evolution; true where one gave a candidate. */
  async #mutate(
    evolution: Evolution,
    proposer: InstructionProposer,
    batches: Generator<number[], never>,
    count: number,
  ): Promise<boolean> {
    const { study } = evolution;
    const { select = "pareto", perfectScore = 1 } = this.options;
    const drawn = Array.from({ length: count }, () => {
      const parent = select === "pareto" ? evolution.draw() : evolution.best.candidate;
      return { parent, path: evolution.nextPredictor(parent), rows: batches.next().value };
    });
    const before = await study.evaluateAll(
      drawn.map(({ parent, rows }) => ({ candidate: parent, split: "train" as const, rows })),
    );
    const open = drawn.flatMap((step, place) => {
      const tried = before[place]!;
      return tried.results.every(({ score }) => score >= perfectScore) ? [] : [{ ...step, tried }];
    });
    const written = await Promise.allSettled(
      open.map(({ parent, path, tried }) => this.#reflect(study, proposer, parent, path, tried)),
    );
    const mutations = open.flatMap((step, place) => {
      const outcome = written[place]!;
      if (outcome.status === "rejected") throw outcome.reason;
      const { parent, path } = step;
      if (!proposer.allows(path, outcome.value)) return [];
      const edit = { ...parent.edits[path], instructions: outcome.value };
      const child = study.candidate({ ...parent.edits, [path]: edit }, "reflection", [parent]);
      return evolution.has(child) ? [] : [{ ...step, child }];
    });
    const after = await study.evaluateAll(
      mutations.map(({ child, rows }) => ({ candidate: child, split: "train" as const, rows })),
    );
    let best: { child: Candidate; parent: Candidate; gain: number } | undefined;
    for (const [place, { parent, path, tried, child }] of mutations.entries()) {
      const [was, is] = sums(tried, after[place]!);
      const gain = is - was;
      study.decide(gain > 0 ? "improves" : "reject", {
        candidate: child.id,
        parent: parent.id,
        predictor: path,
        before: was,
        after: is,
      });
      if (gain > 0 && gain > (best?.gain ?? 0)) best = { child, parent, gain };
    }
    if (!best) return false;
    study.decide("accept", { candidate: best.child.id, parent: best.parent.id });
    evolution.add(await study.evaluate(best.child), [best.parent]);
    return true;
  }

  /** New instructions for the predictor at `path`, in sight of what it did; undefined where they cannot be read. */
  async #reflect(
    study: Study,
    proposer: InstructionProposer,
    parent: Candidate,
    path: string,
    tried: Rollouts,
  ): Promise<string | undefined> {
    const { reflectionTemperature = 1 } = this.options;
    const { signature, state } = study.programOf(parent).predictors().get(path)!;
    const reply = await proposer.ask<{ instructions: string }>(
      "reflection",
      this.reflect,
      {
        step: `${path}: ${signature.toString()}`,
        current_instructions: state.instructions,
        runs: runsOf(tried, path),
      },
      { temperature: reflectionTemperature },
    );
    return reply?.instructions.trim();
  }
}

/** The candidates that were accepted, and how they come from each other. */
class Evolution {
  readonly study: Study;
  readonly #random: Random;
  readonly #paths: readonly string[];
  readonly #front = new ParetoFront();
  readonly #byId = new Map<string, Candidate>();
  readonly #merged = new Set<string>();
  /** By candidate: whose turn it is next. Children go on where their parents are. */
  readonly #turns = new Map<string, number>();

  constructor(study: Study, base: Rollouts) {
    this.study = study;
    this.#random = study.random("gepa");
    this.#paths = [...study.tunable.keys()];
    this.add(base, []);
  }

  add(rollouts: Rollouts, parents: readonly Candidate[]): void {
    const { candidate } = rollouts;
    this.#front.add(rollouts);
    this.#byId.set(candidate.id, candidate);
    this.#turns.set(candidate.id, Math.max(0, ...parents.map(({ id }) => this.#turns.get(id) ?? 0)));
  }

  has({ id }: Candidate): boolean {
    return this.#byId.has(id);
  }

  /** The candidate with the highest score; of equals the earlier. */
  get best(): Rollouts {
    return this.#front.members.reduce((best, one) => (one.score > best.score ? one : best));
  }

  draw(): Candidate {
    return this.#front.draw(this.#random);
  }

  /** The predictor of a candidate whose turn it is: round robin. */
  nextPredictor({ id }: Candidate): string {
    const turn = this.#turns.get(id) ?? 0;
    this.#turns.set(id, turn + 1);
    return this.#paths[turn % this.#paths.length]!;
  }

  /**
   * Joins two lineages of the front, where it can: true where the joint candidate is kept, false where it was worse
   * than one of its parents on a few validation rows, undefined where there is nothing to join.
   */
  async merge(): Promise<boolean | undefined> {
    const { study } = this;
    const scoreOf = ({ id }: Candidate) => this.#front.of(id)?.score ?? NaN;
    const pool = [...this.#front.frequencies().keys()];
    const merge = findMerge(pool, this.#byId, scoreOf, this.#merged, this.#random);
    if (!merge) return undefined;
    this.#merged.add(mergeKey(merge));
    const child = study.candidate(merge.edits, "merge", merge.parents);
    if (this.has(child)) return undefined;
    const [a, b] = merge.parents.map(({ id }) => this.#front.of(id)!) as [Rollouts, Rollouts];
    const rows = tellingRows(a, b, this.#random);
    const tried = await study.evaluate(child, { rows });
    const score = (rollouts: Rollouts) =>
      rows.reduce((sum, row) => sum + (rollouts.results[row]!.score || 0), 0);
    const [before, after] = [Math.max(score(a), score(b)), sum(tried)];
    const accepted = after >= before;
    study.decide(accepted ? "accept" : "reject", {
      candidate: child.id,
      parents: child.parents,
      ancestor: merge.ancestor.id,
      before,
      after,
    });
    if (accepted) this.add(await study.evaluate(child), merge.parents);
    return accepted;
  }
}

/** Rows on which a merge is tried first. */
const mergeRows = 5;

/** A few validation rows: where the one is better, where the other is, and where they are alike, in equal parts. */
function tellingRows(a: Rollouts, b: Rollouts, random: Random): number[] {
  const kinds: number[][] = [[], [], []];
  for (const [row, { score }] of a.results.entries()) {
    const other = b.results[row]!.score;
    kinds[score > other ? 0 : score < other ? 1 : 2]!.push(row);
  }
  const [first, second, alike] = kinds.map((rows) => random.shuffle(rows)) as [number[], number[], number[]];
  const share = Math.ceil(mergeRows / 3);
  const chosen = [first, second, alike].flatMap((rows) => rows.slice(0, share));
  const rest = [first, second, alike].flatMap((rows) => rows.slice(share));
  return [...chosen, ...rest].slice(0, mergeRows).sort((one, other) => one - other);
}

/** Training rows a few at a time, each once in an epoch, in a new order each epoch; the last is filled up. */
function* minibatches(rows: number, size: number, random: Random): Generator<number[], never> {
  const step = Math.min(size, rows);
  for (;;) {
    const order = random.shuffle(Array(rows).keys());
    const missing = (step - (rows % step)) % step;
    const filled = [...order, ...order.slice(0, missing)];
    for (let start = 0; start < filled.length; start += step) yield filled.slice(start, start + step);
  }
}

/** What a predictor did on each row. */
function runsOf({ results }: Rollouts, path: string): string[] {
  return results.filter(({ status }) => status !== "outage").map((result) => runText(result, path));
}

function sum({ results }: Rollouts): number {
  return results.reduce((total, { score }) => total + (score || 0), 0);
}

/** Sums of scores over the rows that both have a score for: an outage says nothing of either. */
function sums(before: Rollouts, after: Rollouts): [number, number] {
  const both = before.results.flatMap((result, place) => {
    const pair = [result.score, after.results[place]!.score] as const;
    return pair.some(Number.isNaN) ? [] : [pair];
  });
  return [both.reduce((total, [one]) => total + one, 0), both.reduce((total, [, other]) => total + other, 0)];
}

function rolloutLimit(study: Study, auto: AutoBudget | undefined): number {
  if (auto === undefined && study.budget.rollouts !== undefined) return study.budget.rollouts;
  const candidates = candidatesByAuto[auto ?? "light"];
  const trials = trialsFor(2 * study.tunable.size, candidates);
  const fullEvaluations = Math.floor((trials + 1) / 5) + 1 + (trials < 5 ? 1 : 0);
  const search = 5 * candidates + 35 * trials + fullEvaluations * study.val.length;
  return study.used.task.rollouts + study.val.length + search;
}
