import {
  ConfigurationError,
  LmframeError,
  random,
  type Random,
  record,
  Semaphore,
  type Span,
  startProgress,
} from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { predictorPaths, rollout, type Rollout } from "../evaluate/index.ts";
import { currentLM, type LanguageModel, usageOf } from "../lm/index.ts";
import { type Metric, metricIdentity } from "../metrics/index.ts";
import {
  callSettings,
  inputColumns,
  type Module,
  pick,
  type Predict,
  type Principal,
  programIdentity,
  withCallSettings,
} from "../modules/index.ts";
import { BudgetExhausted, type ModelRole, type StudyBudget, type Used } from "./budget.ts";
import { type Candidate, candidate, digest, type Edits } from "./candidate.ts";
import { contenders, isSteady } from "./close-scores.ts";
import { type Fingerprint, Journal } from "./journal.ts";
import { meanScore, type Objective } from "./objective.ts";
import { Spending } from "./spending.ts";

/** Rows a strategy may learn from, and rows candidates are chosen by. Neither may hold rows of the final test. */
export type Split = "train" | "val";

/** How a study is set up. */
export interface StudySetup {
  /** The strategy and its options, as the journal knows them. */
  name: string;
  program: Module;
  train: Dataset;
  val: Dataset;
  metric: Metric;
  /** What a candidate's rollouts add up to; the best candidate has the highest. Default: the mean score. */
  objective?: Objective | undefined;
  seed: number;
  concurrency: number;
  budget: StudyBudget;
  /** File of the journal; absent: the study cannot be resumed. */
  journal?: string | undefined;
  /** Paths of predictors that no candidate changes. Default: none. */
  frozen?: readonly string[] | undefined;
  /** Tokens that a demo may have which the strategy makes, as `countTokens` counts. Default 4,000. */
  maxDemoTokens?: number | undefined;
  /** On whose behalf the program's searches run. */
  principal?: Principal | undefined;
  signal?: AbortSignal | undefined;
  /** Models that help, each apart from the program's own. Default of each: the program's default model. */
  models: Readonly<Partial<Record<Exclude<ModelRole, "task">, LanguageModel>>>;
  /** Outages among the rollouts after which the study stops. */
  maxOutages: number;
  /** Draws of all validation rows, at most, by which one of several close candidates is chosen. Default 1. */
  repeats?: number | undefined;
}

/** Which rollouts of a candidate are wanted. */
export interface RolloutOptions {
  /** Default `val`. */
  split?: Split;
  /** Places of the rows in their split; default: all. */
  rows?: readonly number[];
  /** Draws the rows anew: rollouts with different repeats are different samples. Default 0. */
  repeat?: number;
  temperature?: number;
}

/** A candidate's rollouts, in the order of the rows asked for. */
export interface Rollouts {
  candidate: Candidate;
  split: Split;
  rows: readonly number[];
  results: readonly Rollout[];
  /**
   * The objective over the rollouts that have a score; NaN where none has. Over all draws where they are all validation
   * rows and these were drawn several times.
   */
  score: number;
}

/** A candidate that was scored on all validation rows. */
export interface Ranked {
  candidate: Candidate;
  /** The objective over all draws. */
  score: number;
  /** The first draw, in the order of the rows. */
  results: readonly Rollout[];
  /** Each draw of all rows, in the order of the rows: several where the choice was close and repeats are allowed. */
  draws: readonly (readonly Rollout[])[];
}

/** The study stops because models cannot be reached; what was done is in the journal. */
export class StudyInterrupted extends LmframeError {
  override name = "StudyInterrupted";
}

/**
 * What every strategy works on: it asks for rollouts and proposals, and the study runs them within the budget,
 * side by side, writes them down, and finds them again when it is resumed.
 *
 * Answers come in the order in which they were asked for, never in that of their arrival, so a strategy that
 * draws from {@link Study.random} repeats itself from a seed whatever the concurrency. A resumed strategy starts
 * from the beginning and is given the journal's answers until it asks for something new.
 */
export class Study {
  readonly metric: Metric;
  readonly train: Dataset;
  readonly val: Dataset;
  /** The program as it was given, and what stands for it among the candidates. */
  readonly givenProgram: Module;
  readonly given: Candidate = candidate({}, "base");
  readonly signal: AbortSignal | undefined;
  readonly seed: number;
  readonly maxDemoTokens: number;

  readonly #setup: StudySetup;
  readonly #objective: Objective;
  readonly #journal: Journal;
  readonly #places: Semaphore;
  readonly #inputs: readonly string[];
  readonly #frozen: ReadonlySet<string>;
  readonly #rowKeys: Record<Split, string[]>;
  readonly #rows: Record<Split, Record<string, unknown>[]>;
  readonly #running = new Map<string, Promise<Rollout>>();
  readonly #programs = new Map<string, { program: Module; paths: Map<object, string> }>();
  readonly #candidates = new Map<string, Candidate>();
  readonly #ranking = new Map<string, Ranked>();
  readonly #proposals = new Map<string, number>();
  readonly #spending: Spending;
  /** True once a second draw changed no score: nothing here is noisy. */
  #steady = false;
  readonly #progress;
  /** What a strategy starts from, and what its edits are edits of. */
  #base: Candidate = this.given;
  /** How often a strategy went on from another's end. */
  #turn = 0;
  #outages = 0;
  #paid = 0;
  #finished = 0;
  #best: number | undefined;

  constructor(setup: StudySetup) {
    this.#setup = setup;
    this.givenProgram = setup.program;
    this.metric = setup.metric;
    this.train = setup.train;
    this.val = setup.val;
    this.signal = setup.signal;
    this.seed = setup.seed;
    this.maxDemoTokens = setup.maxDemoTokens ?? 4000;
    this.#objective = setup.objective ?? meanScore;
    this.#inputs = inputColumns(setup.program, setup.val.columns);
    inputColumns(setup.program, setup.train.columns);
    this.#frozen = frozenPaths(setup.program, setup.frozen ?? []);
    this.#rows = { train: setup.train.rows(), val: setup.val.rows() };
    this.#rowKeys = { train: this.#rows.train.map(digest), val: this.#rows.val.map(digest) };
    this.#journal = new Journal(setup.journal, this.#fingerprint());
    this.#places = new Semaphore(setup.concurrency);
    this.#spending = new Spending(setup.budget, setup.program.predictors().size);
    this.#candidates.set(this.given.id, this.given);
    this.#progress = startProgress(`optimise with ${setup.name}`, setup.budget.rollouts);
  }

  /** What the strategy starts from: the program as it was given, or where {@link goOnFrom} said to go on. */
  get base(): Candidate {
    return this.#base;
  }

  /** The program of {@link base}. */
  get program(): Module {
    return this.#base === this.given ? this.givenProgram : this.programOf(this.#base);
  }

  /** The predictors of {@link program} that candidates may change, by their paths: those that are not frozen. */
  get tunable(): ReadonlyMap<string, Predict> {
    return this.#tunableIn(this.program);
  }

  /** {@link tunable}, as they are in a candidate. */
  tunableOf(candidate: Candidate): ReadonlyMap<string, Predict> {
    return this.#tunableIn(this.programOf(candidate));
  }

  #tunableIn(program: Module): Map<string, Predict> {
    return new Map([...program.predictors()].filter(([path]) => !this.#frozen.has(path)));
  }

  /** A stream of random numbers of its own for each name, the same for the same seed; others after {@link goOnFrom}. */
  random(name: string): Random {
    const path = this.#turn === 0 ? [this.seed, name] : [this.seed, name, this.#turn];
    return random(parseInt(digest(path).slice(0, 12), 16));
  }

  /** Says how many rollouts more the strategy means to ask for at most, so that progress can tell the time left. */
  plan(rollouts: number): void {
    this.#progress.expect(Math.min(this.#finished + rollouts, this.#setup.budget.rollouts ?? Infinity));
  }

  /** One row of a split. */
  row(split: Split, index: number): Readonly<Record<string, unknown>> {
    return this.#rows[split][index]!;
  }

  /** Has the next strategy start from `candidate`, as if it were the program that was given. */
  goOnFrom(candidate: Candidate): void {
    this.#base = candidate;
    this.#turn++;
    this.decide("go on", { from: candidate.id });
  }

  /**
   * Runs a part of the work with `rollouts` more at most; BudgetExhausted ends the part, not the study.
   *
   * @returns false where the part was ended so.
   */
  within(rollouts: number, part: () => Promise<void>): Promise<boolean> {
    return this.#spending.within(rollouts, part);
  }

  /**
   * A candidate with these edits of {@link base}, those of predictors that are frozen left out. Equal edits give the
   * candidate that was there first.
   */
  candidate(edits: Edits, origin: string, parents: readonly Candidate[] = []): Candidate {
    const allowed = Object.entries(edits).filter(([path]) => !this.#frozen.has(path));
    const made = candidate(
      over(this.#base.edits, Object.fromEntries(allowed)),
      origin,
      parents.map(({ id }) => id),
    );
    const known = this.#candidates.get(made.id);
    if (known) return known;
    this.#candidates.set(made.id, made);
    return made;
  }

  /** The program of a candidate. */
  programOf(candidate: Candidate): Module {
    return this.#programOf(candidate).program;
  }

  /** All candidates that were made, in order. */
  get candidates(): readonly Candidate[] {
    return [...this.#candidates.values()];
  }

  /** Candidates scored on all validation rows, best first; of equals the earlier. */
  get ranking(): readonly Ranked[] {
    return [...this.#ranking.values()].sort((a, b) => b.score - a.score);
  }

  /** What the study may cost; what the part under way may, where that is less. */
  get budget(): Readonly<StudyBudget> {
    return this.#spending.budget;
  }

  /**
   * True where the budget is likely to hold this many more rollouts, each as dear as those so far: a strategy
   * keeps back by it what its last step takes.
   */
  affords(rollouts: number): boolean {
    return this.#spending.affords(rollouts);
  }

  /** What each role has used, journaled work included. */
  get used(): Readonly<Record<ModelRole, Readonly<Used>>> {
    return this.#spending.used;
  }

  /** Seconds since the study was made or resumed. */
  get seconds(): number {
    return this.#spending.seconds;
  }

  /** Rollouts that were run now, not found in the journal. */
  get paid(): number {
    return this.#paid;
  }

  /**
   * Runs a candidate on rows and scores it; what was run before is not run again. Throws BudgetExhausted before
   * anything is run where the budget does not hold all of it, and with the rows under way where its tokens, dollars or
   * seconds are spent by then; StudyInterrupted where too many rows meet an outage.
   */
  async evaluate(candidate: Candidate, options: RolloutOptions = {}): Promise<Rollouts> {
    const [rollouts] = await this.evaluateAll([{ ...options, candidate }]);
    return rollouts!;
  }

  /**
   * {@link evaluate} for several candidates side by side, in their order: a row that takes long holds up none of the
   * others. Where the budget does not hold all, those it holds are run before BudgetExhausted is thrown.
   */
  async evaluateAll(asked: readonly ({ candidate: Candidate } & RolloutOptions)[]): Promise<Rollouts[]> {
    const ended = await Promise.allSettled(
      asked.map(({ candidate, ...options }) => this.#evaluate(candidate, options)),
    );
    const places = asked.map((options) => this.#placesOfAll(options));
    const ranked = ended.map(
      (outcome, place) =>
        outcome.status === "fulfilled" && places[place] && this.#rank(outcome.value, places[place]),
    );
    if (ranked.includes(true)) await this.#drawAgain();
    this.#best = this.ranking[0]?.score;
    this.#tell();
    return ended.map((outcome, place) => {
      if (outcome.status === "rejected") throw outcome.reason;
      const known = places[place] && this.#ranking.get(outcome.value.candidate.id);
      return known ? { ...outcome.value, score: known.score } : outcome.value;
    });
  }

  async #evaluate(candidate: Candidate, options: RolloutOptions): Promise<Rollouts> {
    const { split = "val", repeat = 0, temperature } = options;
    const rows = options.rows ?? this.#rows[split].map((_, index) => index);
    const keys = rows.map(
      (index) => `${candidate.id}/${split}/${this.#rowKey(split, index)}/${repeat}/${temperature ?? ""}`,
    );
    const fresh = new Set(keys.filter((key) => !this.#running.has(key)));
    const begun = fresh.size;
    this.signal?.throwIfAborted();
    this.#spending.begin(begun);
    for (const key of fresh) {
      const known = this.#journal.rollouts.get(key);
      if (known) this.#spending.note(known);
    }
    const settings = {
      ...(temperature !== undefined && { temperature }),
      ...(repeat > 0 && { rollout: repeat }),
    };
    const started = keys.map((key, place) => {
      let running = this.#running.get(key);
      if (!running) {
        running = this.#rollout(key, candidate, split, rows[place]!, settings);
        this.#running.set(key, running);
      }
      return running;
    });
    const results = await Promise.all(started)
      .catch(async (error: unknown) => {
        if (error instanceof BudgetExhausted) await this.#finishRows(started, keys, fresh);
        throw error;
      })
      .finally(() => this.#spending.end(begun));
    this.signal?.throwIfAborted();
    this.#account(results, keys, fresh);
    const score = this.#score(split, rows, results);
    return { candidate, split, rows, results, score };
  }

  /** Where each validation row stands among those asked for; undefined where these are not one draw of them all. */
  #placesOfAll(options: RolloutOptions): number[] | undefined {
    const { split = "val", repeat = 0, temperature, rows } = options;
    if (split !== "val" || repeat !== 0 || temperature !== undefined) return undefined;
    if (rows && rows.length !== this.val.length) return undefined;
    const places = new Map((rows ?? this.#rows.val.map((_, row) => row)).map((row, place) => [row, place]));
    return places.size < this.val.length ? undefined : this.#rows.val.map((_, row) => places.get(row)!);
  }

  /** Enters a candidate that was run on all validation rows; false where it was in already, or has no score. */
  #rank({ candidate, results, score }: Rollouts, places: readonly number[]): boolean {
    if (Number.isNaN(score) || this.#ranking.has(candidate.id)) return false;
    const ordered = places.map((place) => results[place]!);
    this.#ranking.set(candidate.id, { candidate, score, results: ordered, draws: [ordered] });
    return true;
  }

  /**
   * Runs the best candidate and those within chance of it on all validation rows again, until none is within chance, each
   * has its draws, or the budget does not hold a further one.
   */
  async #drawAgain(): Promise<void> {
    const { repeats = 1 } = this.#setup;
    while (!this.#steady) {
      const open = contenders(this.ranking).filter(({ draws }) => draws.length < repeats);
      const fewest = Math.min(...open.map(({ draws }) => draws.length));
      const next = open.filter(({ draws }) => draws.length === fewest);
      if (next.length === 0 || !this.affords(next.length * this.val.length)) return;
      const drawn = await Promise.allSettled(
        next.map(({ candidate }) => this.#evaluate(candidate, { repeat: fewest })),
      );
      for (const [place, outcome] of drawn.entries()) {
        if (outcome.status === "rejected") continue;
        const { candidate, results, draws } = next[place]!;
        const all = [...draws, outcome.value.results];
        const score = this.#score(
          "val",
          all.flatMap(() => outcome.value.rows),
          all.flat(),
        );
        this.#ranking.set(candidate.id, { candidate, score, results, draws: all });
      }
      const failed = drawn.find((outcome) => outcome.status === "rejected");
      if (failed?.reason instanceof BudgetExhausted) return;
      if (failed) throw failed.reason;
      this.decide("draw again", {
        draw: fewest + 1,
        candidates: next.map(({ candidate: { id } }) => [id, this.#ranking.get(id)!.score]),
      });
      this.#steady = fewest === 1 && next.every(({ candidate: { id } }) => isSteady(this.#ranking.get(id)!));
    }
  }

  /**
   * Asks a model that helps, by a program of the strategy's own. The answer is journaled. Undefined where the
   * reply could not be read; throws BudgetExhausted, and the outages of the model.
   */
  async propose<O extends object = Record<string, unknown>>(
    role: Exclude<ModelRole, "task">,
    program: Module,
    inputs: Readonly<Record<string, unknown>>,
    { temperature }: { temperature?: number } = {},
  ): Promise<O | undefined> {
    const asked = digest([
      role,
      [...program.predictors()].map(([path, { state }]) => [path, state]),
      inputs,
      temperature,
    ]);
    const times = this.#proposals.get(asked) ?? 0;
    this.#proposals.set(asked, times + 1);
    const key = `${role}/${asked}/${times}`;
    this.signal?.throwIfAborted();
    this.#spending.requireCall(role);
    let entry = this.#journal.proposals.get(key);
    if (!entry) {
      const spans: Span[] = [];
      const settings = {
        ...(temperature !== undefined && { temperature }),
        lm: this.#setup.models[role] ?? defaultModel(),
        rollout: times,
        signal: this.signal,
      };
      let outputs: Record<string, unknown> | null = null;
      let error: string | undefined;
      const ask = () => record(spans, () => program.call(inputs as never, settings));
      try {
        outputs = (await this.#spending.asking(role, () => this.#places.run(ask))) as Record<string, unknown>;
      } catch (thrown) {
        if (!(thrown instanceof Error) || thrown.name !== "ParseError") throw thrown;
        error = thrown.message;
      }
      const { calls, usage, cost } = usageOf(spans);
      const used = { rollouts: 0, calls, tokens: usage.inputTokens + usage.outputTokens, cost };
      entry = { kind: "proposal", key, outputs, used, ...(error !== undefined && { error }) };
      this.#journal.write(entry);
    }
    this.#spending.add(role, entry.used);
    this.#tell();
    return (entry.outputs as O | null) ?? undefined;
  }

  /** Writes down what the strategy decided and why. */
  decide(what: string, data: unknown): void {
    this.#journal.write({ kind: "decision", what, data });
  }

  /** Ends the study: the journal is closed and progress told. */
  end(): void {
    this.#progress.end();
    this.#journal.close();
  }

  async #rollout(
    key: string,
    candidate: Candidate,
    split: Split,
    index: number,
    settings: { temperature?: number; rollout?: number },
  ): Promise<Rollout> {
    const known = this.#journal.rollouts.get(key);
    if (known) {
      this.#finished++;
      return known;
    }
    const { program, paths } = this.#programOf(candidate);
    const row = this.#rows[split][index]!;
    return this.#places.run(async () => {
      this.signal?.throwIfAborted();
      if (this.#outages > this.#setup.maxOutages) throw this.#interrupted("");
      this.#spending.requireRest();
      // A judge is drawn anew with the program: what it says may be as noisy.
      const drawn = settings.rollout === undefined ? undefined : { rollout: settings.rollout };
      const { result, thrown } = await withCallSettings(drawn, () =>
        rollout(program, paths, row, pick(row, this.#inputs), this.metric, {
          ...settings,
          ...(this.#setup.principal && { principal: this.#setup.principal }),
          signal: this.signal,
        }),
      );
      this.#spending.note(result);
      this.signal?.throwIfAborted();
      if (thrown instanceof ConfigurationError) throw thrown;
      if (result.status === "outage") {
        // An outage is not written down: resumed, the row is tried again.
        this.#running.delete(key);
        if (++this.#outages > this.#setup.maxOutages) throw this.#interrupted(result.error?.message ?? "");
      } else {
        this.#paid++;
        this.#journal.write({ kind: "rollout", key, result });
      }
      this.#finished++;
      this.#tell();
      return result;
    });
  }

  #interrupted(last: string): StudyInterrupted {
    const resume =
      this.#setup.journal === undefined ? "" : ` Run it again to go on from ${this.#setup.journal}.`;
    return new StudyInterrupted(`${this.#outages} rows met an outage, the last: ${last}.${resume}`);
  }

  #programOf(candidate: Candidate) {
    let made = this.#programs.get(candidate.id);
    if (!made) {
      const program = this.givenProgram.with(candidate.edits);
      made = { program, paths: predictorPaths(program) };
      this.#programs.set(candidate.id, made);
    }
    return made;
  }

  #rowKey(split: Split, index: number): string {
    const key = this.#rowKeys[split][index];
    if (key === undefined)
      throw new RangeError(
        `invalid row: ${index}, the ${split} rows are 0 to ${this.#rows[split].length - 1}`,
      );
    return key;
  }

  #score(split: Split, rows: readonly number[], results: readonly Rollout[]): number {
    const scored = results.flatMap((result, place) =>
      result.status === "outage" ? [] : [{ row: this.#rows[split][rows[place]!]!, result }],
    );
    return scored.length === 0 ? NaN : this.#objective(scored);
  }

  /** Waits for the rows under way of an evaluation that the budget ended, and counts those that were run. */
  async #finishRows(started: readonly Promise<Rollout>[], keys: readonly string[], fresh: Set<string>) {
    const ended = await Promise.allSettled(started);
    this.signal?.throwIfAborted();
    const failed = ended.find(
      (row): row is PromiseRejectedResult =>
        row.status === "rejected" && !(row.reason instanceof BudgetExhausted),
    );
    if (failed) throw failed.reason;
    this.#account(
      ended.map((row) => (row.status === "fulfilled" ? row.value : undefined)),
      keys,
      fresh,
    );
    // What is left was not run.
    for (const key of fresh) this.#running.delete(key);
    this.#spending.takeBack(fresh.size);
  }

  #account(results: readonly (Rollout | undefined)[], keys: readonly string[], fresh: Set<string>): void {
    for (const [place, result] of results.entries()) {
      if (result && fresh.delete(keys[place]!)) this.#spending.count(result);
    }
  }

  #tell(): void {
    const { calls, cost } = this.#spending.total;
    this.#progress.set(this.#finished, {
      ...(this.#best !== undefined && { best: this.#best.toFixed(3) }),
      candidates: this.#candidates.size,
      calls,
      ...(cost !== null && cost > 0 && { cost: `$${cost.toFixed(3)}` }),
    });
  }

  #fingerprint(): Fingerprint {
    const { name, program, train, val, metric, seed, models, principal } = this.#setup;
    return {
      strategy: name,
      program: digest(programIdentity(program)),
      model: defaultModel()?.identity ?? "",
      models: digest(Object.entries(models).map(([role, model]) => [role, model.identity])),
      train: train.fingerprint(),
      validation: val.fingerprint(),
      metric: digest(metricIdentity(metric)),
      seed,
      ...(this.#frozen.size > 0 && { frozen: [...this.#frozen].sort().join(", ") }),
      ...(principal && { groups: [...new Set(principal.groups)].sort().join(", ") }),
    };
  }
}

/** The model of a program that names none. */
function defaultModel(): LanguageModel | undefined {
  return callSettings().lm ?? currentLM.get();
}

/** Throws ConfigurationError for a path where no predictor is, and where none is left to change. */
function frozenPaths(program: Module, frozen: readonly string[]): Set<string> {
  const paths = [...program.predictors().keys()];
  const unknown = frozen.find((path) => !paths.includes(path));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `no predictor at "${unknown}" to freeze; the program has: ${paths.join(", ")}`,
    );
  const found = new Set(frozen);
  if (found.size > 0 && found.size === paths.length)
    throw new ConfigurationError("all predictors are frozen; an optimizer needs one at least to change");
  return found;
}

/** `edits` over those of `base`, predictor by predictor. */
function over(base: Edits, edits: Edits): Edits {
  const paths = new Set([...Object.keys(base), ...Object.keys(edits)]);
  return Object.fromEntries([...paths].map((path) => [path, { ...base[path], ...edits[path] }]));
}
