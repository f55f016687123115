import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError, describeError, isOutage, redact, traced } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import { mean, unpairedProbability } from "../../evaluate/index.ts";
import { currentLM, type LanguageModel } from "../../lm/index.ts";
import { type Metric, metricIdentity } from "../../metrics/index.ts";
import {
  type Module,
  type Principal,
  programIdentity,
  programToJSON,
  withCallSettings,
  withState,
} from "../../modules/index.ts";
import { digest } from "../../optimizers/candidate.ts";
import { type Optimizer, type StudyBudget, StudyInterrupted } from "../../optimizers/index.ts";
import { withFreeLock, withLock } from "../../services/lock.ts";
import type { FeedbackLog } from "../feedback-log.ts";
import { makeFolderOf } from "../own-file.ts";
import type { ChampionRegistry } from "./champion-registry.ts";
import { duel, isBetter } from "./duel.ts";
import { type ImprovementState, readState, type Round, withRound, writeWhole } from "./improvement-state.ts";
import { learningRows, type LearningRows, type LearningRule } from "./learning-rows.ts";
import { duelRun, searchRun } from "./round-run.ts";
import { fairShare, readVotes, type Vote } from "./votes.ts";

/** How a program is improved. */
export interface LoopSetup {
  readonly given: Module;
  readonly folder: string;
  readonly feedback: FeedbackLog;
  readonly optimizer: Optimizer;
  readonly rule: Omit<LearningRule, "audience">;
  /** The groups that everybody is of, as of now. */
  readonly audience: () => Promise<readonly string[]>;
  /** New records that begin a round. */
  readonly records: number;
  readonly budget: StudyBudget;
  readonly concurrency: number;
  readonly lm: LanguageModel | undefined;
  readonly registry: ChampionRegistry | undefined;
  readonly log: (line: string) => void;
}

/** A version with its program. */
export interface Answering {
  readonly version: number;
  readonly program: Module;
}

type OpenRound = NonNullable<ImprovementState["round"]>;

/** Rows of each kind below which no round begins: too few to learn from, or to tell a difference by. */
const fewestRows = 10;
/** Ratings of champion and former from which they are compared; again at twice as many. */
const fewestRatings = 20;
/** Probability below which worse ratings depose a champion: they are looked at time and again. */
const rareChance = 0.01;

/**
 * The work behind a program that improves itself. All that must outlive a crash is in one file, replaced whole; what a
 * round pays for is in journals beside it. One process at a time does a round, and every process takes over what
 * another has decided.
 */
export class ImprovementLoop {
  readonly setup: LoopSetup;
  #state!: ImprovementState;
  #champion!: Module;
  /** Size of the log when it was last read in vain. */
  #idleAt = -1;
  #unmirrored = true;

  private constructor(setup: LoopSetup) {
    this.setup = setup;
  }

  static async open(setup: LoopSetup): Promise<ImprovementLoop> {
    const loop = new ImprovementLoop(setup);
    await makeFolderOf(setup.folder);
    await mkdir(loop.#path("versions"), { recursive: true, mode: 0o700 });
    await loop.#begin();
    await loop.mirror();
    return loop;
  }

  /** The program that answers. */
  get champion(): Module {
    return this.#champion;
  }

  /**
   * What answers somebody: the champion, and whoever is not of all the groups that it was learnt for, the program as it
   * was given. Groups that came later so see nothing of what others taught.
   */
  answering(principal: Principal | undefined): Answering {
    const { champion, first = 0 } = this.#state;
    const groups = principal?.groups ?? [];
    return this.#audienceOf(champion).every((group) => groups.includes(group))
      ? { version: champion, program: this.#champion }
      : { version: first, program: this.setup.given };
  }

  get state(): ImprovementState {
    return this.#state;
  }

  /** Does a round, or goes on with one, where there is enough to go by; undefined where there is none to do. */
  async improve(signal?: AbortSignal): Promise<Round | undefined> {
    const done = await withFreeLock(this.#path("round.lock"), async () => {
      await this.refresh();
      if (!this.#state.round && (await this.#logSize()) === this.#idleAt) return undefined;
      const size = await this.#logSize();
      const { votes, records } = await readVotes(this.setup.feedback);
      const deposed = await this.#compareRatings(votes);
      const round = this.#state.round ?? (await this.#openRound(votes, records));
      if (round) return this.#run(round, signal);
      if (!deposed) this.#idleAt = size;
      return deposed;
    });
    await this.mirror();
    return done?.value;
  }

  /** Has the former champion answer again. @throws ConfigurationError where there is none. */
  async rollback(why: string): Promise<Round> {
    await this.#change((state) => {
      const former = state.former.at(-1);
      if (former === undefined)
        throw new ConfigurationError("no version answered before this one, so there is none to go back to");
      return withRound(
        { ...state, champion: former, former: state.former.slice(0, -1), compared: 0 },
        { version: state.champion, outcome: "rolled back", why },
      );
    });
    await this.mirror();
    return this.#state.rounds.at(-1)!;
  }

  /** Takes over what another process decided, or somebody in MLflow's registry. */
  async refresh(): Promise<void> {
    const state = await readState(this.#path("state.json"));
    if (state) await this.#take(state);
    const chosen = await this.#reach((registry) => registry.chosenElsewhere(this.#state));
    if (chosen === undefined || chosen === this.#state.champion) return;
    await this.#change((state) =>
      withRound(
        {
          ...state,
          champion: chosen,
          former: [...state.former.filter((version) => version !== chosen), state.champion],
          compared: 0,
          registeredChampion: state.registered[chosen]!,
        },
        { version: chosen, outcome: "promoted", why: "it was made champion in MLflow's registry" },
      ),
    );
  }

  /** Has MLflow's registry say the same, where there is one; where it is away, the next time. */
  async mirror(): Promise<void> {
    if (!this.setup.registry || !this.#unmirrored) return;
    // One process at a time, or two would register the same version.
    await withFreeLock(this.#path("registry.lock"), async () => {
      const at = (await readState(this.#path("state.json"))) ?? this.#state;
      const mirrored = await this.#reach((registry) =>
        registry.mirror(at, (version) => this.#programOf(version)),
      );
      if (!mirrored) return;
      await this.#change((state) => ({ ...state, ...mirrored }));
      this.#unmirrored = (["champion", "former", "round"] as const).some(
        (name) => JSON.stringify(at[name]) !== JSON.stringify(this.#state[name]),
      );
    });
  }

  /** The state on disk, or a first one; a program that was changed since then is a version of its own. */
  async #begin(): Promise<void> {
    const given = contentOf(this.setup.given);
    await withLock(this.#path("state.lock"), async () => {
      const found = await readState(this.#path("state.json"));
      if (found?.given === given) return this.#take(found);
      const number = found?.next ?? 0;
      await this.#keep(number, this.setup.given);
      const fresh: ImprovementState = {
        format: 1,
        given,
        champion: number,
        first: number,
        audiences: found?.audiences ?? {},
        former: [],
        next: number + 1,
        seen: found?.seen ?? 0,
        compared: 0,
        rounds: found?.rounds ?? [],
        registered: found?.registered ?? {},
        runs: found?.runs ?? {},
      };
      const why = "the program itself was changed";
      await this.#write(found ? withRound(fresh, { version: number, outcome: "replaced", why }) : fresh);
    });
  }

  /** Begins a round where enough people said something new, and what they said teaches enough. */
  async #openRound(votes: readonly Vote[], records: number): Promise<OpenRound | undefined> {
    const { seen, champion, next } = this.#state;
    // A log that was cut is read from its beginning.
    const fresh = seen > records ? votes : votes.filter(({ place }) => place >= seen);
    if (fairShare(fresh, this.setup.records).length < this.setup.records) return undefined;
    const audience = [...new Set(await this.setup.audience())].sort();
    const { train, kept } = learningRows(votes, { ...this.setup.rule, audience });
    if (Math.min(train.length, kept.length) < fewestRows) return undefined;
    const round = { challenger: next, champion, records, audience, found: false };
    // The journals of the last round stay until here, for whoever wants to know what was refused and why.
    await rm(this.#path("round"), { recursive: true, force: true });
    await this.#change((state) => ({ ...state, next: next + 1, round }));
    return round;
  }

  async #run(round: OpenRound, signal: AbortSignal | undefined): Promise<Round> {
    const { lm } = this.setup;
    const { audience = [] } = round;
    const principal = audience.length > 0 ? { id: "lmframe", groups: audience } : undefined;
    try {
      // As an optimizer: whoever watches calls must not take those of the search for somebody's.
      await withCallSettings({ ...(lm && { lm }), principal, signal }, () =>
        traced("optimizer", "SelfImprovingPipeline", undefined, () => this.#search(round, signal)),
      );
    } catch (error) {
      signal?.throwIfAborted();
      // What can be mended by waiting is gone on with; all else would fail again.
      if (isOutage(error) || error instanceof StudyInterrupted) throw error;
      const { name, message } = describeError(error);
      await this.#conclude(round, { outcome: "failed", why: redact(`${name}: ${message}`) });
    }
    return this.#state.rounds.at(-1)!;
  }

  async #search(round: OpenRound, signal: AbortSignal | undefined): Promise<void> {
    const { optimizer, budget, concurrency, rule, feedback } = this.setup;
    const { votes } = await readVotes(feedback, round.records);
    const { audience = [] } = round;
    const { train, kept }: LearningRows = learningRows(votes, { ...rule, audience });
    const champion = await this.#programOf(round.champion);
    const setting = this.#setting(train, kept);
    const journal = (what: string) => this.#path("round", `${what}-${setting}.jsonl`);
    const found = await optimizer.compile(champion, {
      train,
      budget,
      concurrency,
      journal: journal("search"),
      signal,
    });
    const facts = { trainingRows: train.length };
    const contest = { champion: round.champion, challenger: round.challenger };
    const run =
      this.#state.runs?.[round.challenger] ??
      (await this.#reach((registry) => registry.log(searchRun(found, contest))));
    if (found.kept) {
      const why = `of ${found.candidates.length} candidates none did better on the rows to learn from`;
      return this.#conclude(round, { outcome: "kept", why, ...facts });
    }
    await this.#keep(round.challenger, found.program);
    // It is made from the champion, and knows what that learnt.
    const learntFor = [...new Set([...this.#audienceOf(round.champion), ...audience])].sort();
    await this.#change((state) => ({
      ...state,
      round: { ...round, found: true },
      audiences: { ...state.audiences, [round.challenger]: learntFor },
      ...(run !== undefined && { runs: { ...state.runs, [round.challenger]: run } }),
    }));
    await this.mirror();
    const meeting = await duel(champion, found.program, {
      rows: kept,
      metric: optimizer.options.metric as Metric,
      concurrency,
      signal,
      fewest: fewestRows,
      journal: (who) => journal(`duel-${who}`),
    });
    const result = meeting.duel;
    const better = isBetter(result);
    const why =
      `${result.before.toFixed(3)} → ${result.after.toFixed(3)} on ${result.rows} rows kept apart, ` +
      `p = ${result.probability.toPrecision(2)}: ${better ? "really better" : "not better by more than chance"}`;
    await this.#conclude(round, { outcome: better ? "promoted" : "kept", why, duel: result, ...facts });
    const ended = this.#state.rounds.at(-1)!;
    await this.#reach((registry) => registry.log(duelRun(meeting, ended, contest, kept), run));
  }

  /** Ends a round. Promotes only where the champion is still the one that was met. */
  async #conclude(round: OpenRound, end: Omit<Round, "version" | "at">): Promise<void> {
    await this.#change((state) => {
      const { round: _, ...rest } = state;
      const ended = { ...rest, seen: round.records };
      const version = round.challenger;
      if (state.champion !== round.champion) {
        const why = "the champion was changed meanwhile";
        return withRound(ended, { ...end, version, outcome: "overtaken", why });
      }
      if (end.outcome !== "promoted") return withRound(ended, { ...end, version });
      return withRound(
        { ...ended, champion: version, former: [...state.former, state.champion], compared: 0 },
        { ...end, version },
      );
    });
    const { duel } = end;
    const registered = this.#state.registered[round.challenger];
    if (duel && registered !== undefined)
      await this.#reach((registry) => registry.note(registered, "lmframe.duel", duel));
    this.setup.log(`version ${round.challenger}: ${this.#state.rounds.at(-1)!.outcome}: ${end.why}`);
  }

  /** Goes back where people rate the champion worse than the one before it, by more than chance. */
  async #compareRatings(votes: readonly Vote[]): Promise<Round | undefined> {
    const { champion, compared } = this.#state;
    const former = this.#state.former.at(-1);
    if (former === undefined) return undefined;
    const [now, before] = [champion, former].map((version) => ratingsOf(votes, version)) as [
      number[],
      number[],
    ];
    // At twice as many each time: who looks all the time finds a difference by chance.
    if (Math.min(now.length, before.length) < fewestRatings || now.length < 2 * compared) return undefined;
    await this.#change((state) => ({ ...state, compared: now.length }));
    const probability = unpairedProbability(now, before);
    if (mean(now) >= mean(before) || probability >= rareChance) return undefined;
    const why =
      `rated ${mean(now).toFixed(2)} by ${now.length}, the version before ${mean(before).toFixed(2)} ` +
      `by ${before.length}, p = ${probability.toPrecision(2)}`;
    this.setup.log(`version ${champion}: rolled back: ${why}`);
    return this.rollback(why);
  }

  /** Groups that a version was learnt for; none for one that learnt nothing. */
  #audienceOf(version: number): readonly string[] {
    return this.#state.audiences?.[version] ?? [];
  }

  /** The program of a version. */
  async #programOf(version: number): Promise<Module> {
    const path = this.#path("versions", `${version}.json`);
    const saved = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    return withState(this.setup.given, saved, path);
  }

  async #keep(version: number, program: Module): Promise<void> {
    await writeWhole(
      this.#path("versions", `${version}.json`),
      `${JSON.stringify(programToJSON(program), null, 2)}\n`,
    );
  }

  /** What a journal holds for: with other rows, another program, model, strategy or metric a round begins its search anew. */
  #setting(...rows: readonly Dataset[]): string {
    const { given, optimizer, lm } = this.setup;
    const { metric, ...options } = optimizer.options;
    const plain = Object.entries(options).map(([name, value]: [string, unknown]) => [name, told(value)]);
    const prints = rows.map((of) => of.fingerprint());
    const model = (lm ?? currentLM.get())?.identity;
    return digest([
      optimizer.constructor.name,
      plain,
      programIdentity(given),
      metricIdentity(metric as Metric),
      model,
      prints,
    ]);
  }

  /** Changes the state on disk, and then takes it over. */
  #change(edit: (state: ImprovementState) => ImprovementState): Promise<void> {
    return withLock(this.#path("state.lock"), async () => {
      const state = (await readState(this.#path("state.json"))) ?? this.#state;
      await this.#write(edit(state));
    });
  }

  async #write(state: ImprovementState): Promise<void> {
    await writeWhole(this.#path("state.json"), JSON.stringify(state, null, 2));
    await this.#take(state);
  }

  /** The new champion answers whoever asks from here on; calls under way end with the one they began with. */
  async #take(state: ImprovementState): Promise<void> {
    const before = this.#state as ImprovementState | undefined;
    if (before?.champion !== state.champion) this.#champion = await this.#programOf(state.champion);
    if (before?.champion !== state.champion || before.round?.found !== state.round?.found)
      this.#unmirrored = true;
    this.#state = state;
  }

  /** Asks the registry, where there is one; where it is away the loop goes on without it. */
  async #reach<T>(ask: (registry: ChampionRegistry) => Promise<T>): Promise<T | undefined> {
    const { registry, log } = this.setup;
    if (!registry) return undefined;
    try {
      return await ask(registry);
    } catch (error) {
      log(`MLflow will be told later: ${redact(describeError(error).message)}`);
      return undefined;
    }
  }

  async #logSize(): Promise<number> {
    return (await stat(this.setup.feedback.file).catch(() => undefined))?.size ?? 0;
  }

  #path(...names: string[]): string {
    return join(this.setup.folder, ...names);
  }
}

/** What makes a program another one: its steps with what they say and show, not what wrote them down. */
function contentOf(program: Module): string {
  const { metadata: _, ...state } = programToJSON(program);
  const steps = [...program.predictors().values()].map(({ signature }) => signature.toString());
  return digest([state, steps]);
}

/** An option as far as it tells one search from another: a model by its identity. */
function told(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return typeof value === "function" ? undefined : value;
  return "identity" in value ? value.identity : undefined;
}

/** What people rate a version, nobody counting for too many. */
function ratingsOf(votes: readonly Vote[], version: number): number[] {
  const own = votes.filter(({ feedback }) => (feedback.version ?? 0) === version);
  return fairShare(own, own.length).map(({ feedback }) => feedback.rating);
}
