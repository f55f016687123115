import { basename } from "node:path";
import type { AnySignature } from "../../adapters/index.ts";
import { ConfigurationError, ContextVariable, display, type Displayable, redact } from "../../core/index.ts";
import { showTable } from "../../evaluate/index.ts";
import type { LanguageModel } from "../../lm/index.ts";
import { callSettings, Module, type Predict } from "../../modules/index.ts";
import { type Optimizer, type StudyBudget } from "../../optimizers/index.ts";
import { FeedbackLog } from "../feedback-log.ts";
import { ownFile } from "../own-file.ts";
import { ChampionRegistry, type RegistryPlace } from "./champion-registry.ts";
import { examplesSearch } from "./examples-search.ts";
import { type Answering, ImprovementLoop } from "./improvement-loop.ts";
import type { ImprovementState, Round } from "./improvement-state.ts";
import { type RowOf, rowOfAnswer } from "./learning-rows.ts";

type Values = Readonly<Record<string, unknown>>;

/** Options of {@link SelfImprovingPipeline}. */
export interface SelfImprovingOptions {
  /** Names what is kept of it, so that the next process finds it: letters, digits, `.`, `-`, `_`. Default: the program's class. */
  name?: string | undefined;
  /** Where state, versions and journals stand. Default: `serving/NAME.improvement` in the project's `.lmframe`. */
  folder?: string | undefined;
  /** Default: one in the project's `.lmframe`. */
  feedback?: FeedbackLog | undefined;
  /**
   * How a challenger is looked for, and by which metric all is measured. Default: `RandomSearch` of 8 candidates with
   * up to 8 demos, by exact match, or by F1 of words where the answer is a text. It needs no proposer, so what users wrote
   * is only ever shown as examples and reaches no instruction; and some dozen rows suffice for it. Strategies that
   * write instructions do so within their guardrails.
   */
  optimizer?: Optimizer | undefined;
  /** New records that begin a round, a person's repeated word counted once. Default 100. */
  records?: number | undefined;
  /** Rating from which an answer was good. Default 4. */
  positive?: number | undefined;
  /** The newest rows that are learnt from, at most. Default 50. */
  trainingRows?: number | undefined;
  /** The newest rows that champion and challenger meet on, at most. Default 200. */
  duelRows?: number | undefined;
  /** Share of questions that is never learnt from but kept for that, by a hash of the question. Default 0.5. */
  keptShare?: number | undefined;
  /**
   * Groups that everybody is of whom the program answers, or what gives them as each round begins. Nothing is learnt
   * from people of other groups: their answers may hold what others must not see. A version answers only those who are
   * of all groups it was learnt for; whoever else calls is answered by the program as it was given. Default: none, so
   * only those of no group teach, and each version answers everybody.
   */
  audience?: readonly string[] | (() => Promise<readonly string[]>) | undefined;
  /** The row that a record teaches. Default: its question and answer, for programs that take one text. */
  row?: RowOf | undefined;
  /** What the search of one round may cost; the duel comes on top. Default 600 rollouts. */
  budget?: StudyBudget | undefined;
  /** Rows of a round under way at once; few, so that callers come first. Default 1. */
  concurrency?: number | undefined;
  /** Model of the rounds, with limits of its own: `lm(name, { limits })`. Default: the one in force. */
  lm?: LanguageModel | undefined;
  /** Seconds between two looks for work in the background. Default 60. */
  lookSeconds?: number | undefined;
  /**
   * Where versions go in MLflow, with the aliases `champion`, `former` and `challenger`, and each round as runs: the search
   * with its candidates, the version's own run, and beneath it how the challenger did. Default: nowhere.
   */
  registry?: RegistryPlace | undefined;
  /** Takes a line of what happens in the background. Default: standard error. */
  log?: ((line: string) => void) | undefined;
}

/**
 * A program that learns from what people think of its answers. Once enough of them have said something new, a strategy
 * looks for a better version in answers that were rated well; the challenger meets the champion on questions that were
 * kept apart, and takes its place only where it is better by more than chance. Where people then rate it worse than the one
 * before, by more than chance, that one answers again.
 *
 * All of it stands on disk: a round that was killed is gone on with, nothing it had paid for is paid again, and of
 * several processes one does it. Calls see the champion there is as they begin.
 *
 * ```ts
 * const pipeline = await SelfImprovingPipeline.open(program, { name: "help-desk" });
 * const server = await serve(pipeline); // takes feedback, and improves in the background
 * await pipeline.rollback();
 * ```
 */
export class SelfImprovingPipeline extends Module implements Displayable {
  /** What it goes by, in files and to chat clients. */
  readonly name: string;
  /** Where feedback goes. */
  readonly feedback: FeedbackLog;
  private readonly loop: ImprovementLoop;
  /** The version that calls are held to. */
  private readonly held = new ContextVariable<Answering>();
  private readonly lookSeconds: number;

  private constructor(name: string, loop: ImprovementLoop, lookSeconds: number) {
    super();
    this.name = name;
    this.feedback = loop.setup.feedback;
    this.loop = loop;
    this.lookSeconds = lookSeconds;
  }

  /**
   * Opens what there is of the name, or begins. A program whose code was changed since is a new version that answers from
   * here on.
   *
   * @throws ConfigurationError for options that cannot hold, and for a program that takes more than one text where no `row`
   * is given.
   */
  static async open(program: Module, options: SelfImprovingOptions = {}): Promise<SelfImprovingPipeline> {
    const {
      name = program.constructor.name,
      records = 100,
      positive = 4,
      trainingRows = 50,
      duelRows = 200,
      keptShare = 0.5,
      audience = [],
      concurrency = 1,
      registry,
    } = options;
    if (name !== basename(name) || !/^[\w.-]+$/.test(name))
      throw new ConfigurationError(`invalid name "${name}"; expected letters, digits, ".", "-" and "_"`);
    if (!(keptShare > 0 && keptShare < 1))
      throw new ConfigurationError(
        `invalid share kept apart: ${keptShare}, expected more than 0 and less than 1`,
      );
    const loop = await ImprovementLoop.open({
      given: program,
      folder: options.folder ?? ownFile(`${name}.improvement`),
      feedback: options.feedback ?? new FeedbackLog(),
      optimizer: options.optimizer ?? examplesSearch(program),
      rule: {
        positive,
        trainingRows,
        duelRows,
        keptShare,
        row: options.row ?? rowOfAnswer(program),
      },
      audience: typeof audience === "function" ? audience : () => Promise.resolve(audience),
      records,
      budget: options.budget ?? { rollouts: 600 },
      concurrency,
      lm: options.lm,
      registry: registry && new ChampionRegistry(registry),
      log: options.log ?? ((line) => void process.stderr.write(`lmframe: ${redact(line)}\n`)),
    });
    return new SelfImprovingPipeline(name, loop, options.lookSeconds ?? 60);
  }

  override get signature(): AnySignature {
    return this.answering().program.signature;
  }

  /** Those of the version that answers whoever calls. */
  override predictors(): Map<string, Predict> {
    return this.answering().program.predictors();
  }

  /** The program that answers now all who are of the groups it was learnt for. */
  get champion(): Module {
    return this.loop.champion;
  }

  /** Number of the {@link champion}'s version; 0 is the program as it was given. */
  get version(): number {
    return this.loop.state.champion;
  }

  /** What there is: versions, the round under way, how the last ones ended. */
  get state(): ImprovementState {
    return this.loop.state;
  }

  forward(inputs: Values): Promise<Values> {
    return this.answering().program.call(inputs);
  }

  /**
   * Runs `body` with the version that now answers on whose behalf it runs: all calls within it are answered by that one.
   *
   * @param body - is given the version's number, which feedback takes as `version`.
   */
  holding<R>(body: (version: number) => R): R {
    const answering = this.loop.answering(callSettings().principal);
    return this.held.run(answering, () => body(answering.version));
  }

  private answering(): Answering {
    return this.held.get() ?? this.loop.answering(callSettings().principal);
  }

  /**
   * Does one round, or goes on with one; looks first whether the champion's ratings have fallen.
   *
   * @param signal - stops it; the next call goes on from there.
   * @returns how it ended; undefined where there was nothing to do, or another process does it.
   * @throws the outages of models; the next call goes on from there.
   */
  improve(signal?: AbortSignal): Promise<Round | undefined> {
    return this.loop.improve(signal);
  }

  /** Has the version before answer again. @throws ConfigurationError where there is none. */
  rollback(): Promise<Round> {
    return this.loop.rollback("by hand");
  }

  /**
   * Improves in the background from now on, one round at a time. A round that meets an outage is told, and gone on with
   * later. A server does so by itself.
   *
   * @returns what ends it, once what is under way has stopped.
   */
  watch(): () => Promise<void> {
    const stop = new AbortController();
    let working: Promise<unknown> = Promise.resolve();
    let busy = false;
    const work = async () => {
      busy = true;
      try {
        await this.improve(stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) this.loop.setup.log(`the round waits: ${redact(String(error))}`);
      } finally {
        busy = false;
      }
    };
    const look = () => {
      if (!busy) working = work();
    };
    const timer = setInterval(look, this.lookSeconds * 1000).unref();
    look();
    return async () => {
      clearInterval(timer);
      stop.abort();
      await working;
    };
  }

  [display]() {
    const { champion, former, round, rounds } = this.state;
    return showTable({
      caption: `${this.name}: version ${champion} answers${round ? `, version ${round.challenger} is made` : ""}`,
      head: ["version", "outcome", "why", "at"],
      rows: rounds
        .slice(-10)
        .reverse()
        .map(({ version, outcome, why, at }) => [String(version), outcome, why, at]),
      note: former.length > 0 ? `Before it answered version ${former.at(-1)}.` : undefined,
    });
  }
}
