import { Dataset, type TableLike } from "../data/index.ts";
import { ConfigurationError, traced } from "../core/index.ts";
import type { LanguageModel } from "../lm/index.ts";
import type { FieldMetric, Metric } from "../metrics/index.ts";
import { type Module, type Principal, rowsAtOnce } from "../modules/index.ts";
import { BudgetExhausted, type StudyBudget } from "./budget.ts";
import { checkCounts } from "./check-counts.ts";
import { measureSearch } from "./measured-search.ts";
import type { Objective } from "./objective.ts";
import { Optimization } from "./optimization.ts";
import { warnOfSeenRows, warnOfSharedRows } from "./shared-rows.ts";
import { Study } from "./study.ts";

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** Scores one row; see {@link Metric}. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  metric: Metric<any, any>;
  /** What the scores of a candidate add up to. Default: their mean. */
  objective?: Objective | undefined;
  /** The same seed gives the same run. Default 0. */
  seed?: number | undefined;
  /**
   * Tokens that a demo made by the strategy may have, as `countTokens` counts; a longer one is left out, and the journal
   * says so. Those that the program brings along stay. Default 4,000.
   */
  maxDemoTokens?: number | undefined;
}

/** Options of optimizers that ask a model for new instructions. */
export interface ProposerOptions {
  /** Writes instructions. Default: the program's model. */
  promptModel?: LanguageModel | undefined;
  /** Reads what went wrong. Default: the prompt model. */
  reflectionModel?: LanguageModel | undefined;
}

/** What one run takes. */
export interface CompileOptions {
  /** Rows to learn from. */
  train: TableLike;
  /**
   * Rows to choose by. Default: half of `train`, drawn by the seed and then not learnt from. A warning tells of rows that
   * are in `train` as well.
   */
  val?: TableLike | undefined;
  /**
   * Rows that no strategy sees: the program is scored on them before the search and after it, and `tested` of the result
   * says what the gain is worth there. A warning tells of a gain within chance, of fewer than 30 rows, and of rows that
   * are in `train` or `val` as well. The budget does not count them. Default: none.
   */
  test?: TableLike | undefined;
  /** What the run may cost. */
  budget?: StudyBudget | undefined;
  /** Rows under way at once, over all candidates. Default: as many as the model answers at once, else 16. */
  concurrency?: number | undefined;
  /**
   * File to write the run down in, and to resume it from where it is there: a run that was killed goes on, and
   * nothing it had paid for is paid again.
   */
  journal?: string | undefined;
  /**
   * Paths of predictors that stay as they are, such as `query.predict`: those that the metric says nothing of, for one.
   * Default: none.
   */
  frozen?: readonly string[] | undefined;
  /** On whose behalf the program's searches run. Default: nobody, who sees no document. */
  principal?: Principal | undefined;
  /** Stops the run; `compile` then throws the signal's reason, and the journal resumes it. */
  signal?: AbortSignal | undefined;
  /** Outages after which the run stops. Default 20. */
  maxOutages?: number | undefined;
  /**
   * Times that the validation rows are drawn, at most, for the best candidate and those whose scores lie within chance of
   * its own: the choice between them is by the mean of all draws. For models and judges that do not always say the same;
   * where a second draw changes no score there is no third. Further draws count against the budget, which they never
   * pass, and bypass the cache. Default 1.
   */
  repeats?: number | undefined;
}

/**
 * Finds the instructions and examples that score best. A strategy is one subclass: it proposes candidates to a
 * {@link Study} and reads their rollouts; the study does everything else.
 */
export abstract class Optimizer<O extends OptimizerOptions = OptimizerOptions> {
  readonly options: O;

  constructor(options: O) {
    this.options = options;
  }

  /** Proposes and evaluates candidates until done. The best on all validation rows is taken. */
  protected abstract search(study: Study): Promise<void>;

  /** Another strategy as a part of this one: how it searches from {@link Study.base} on, its models, and its name. */
  protected part(strategy: Optimizer) {
    return {
      /** Proposes and evaluates, as the strategy does by itself. */
      search: (study: Study) => strategy.search(study),
      models: strategy.models(),
      name: strategy.describe(),
    };
  }

  /** Models that help, by role; none where the strategy needs no proposer. */
  protected models(): Partial<Record<"prompt" | "reflection" | "teacher", LanguageModel>> {
    return {};
  }

  /**
   * Optimises a program.
   *
   * @returns the best program with how it was found; the program itself where nothing scored higher.
   * Throws DataError for rows that lack columns, StudyInterrupted where models cannot be reached, UnreachableError where
   * the test rows cannot be scored before anything is searched.
   */
  async compile<P extends Module>(
    program: P,
    { test, ...options }: CompileOptions,
  ): Promise<Optimization<P>> {
    checkCounts(options, ["repeats"]);
    const { train, val } = splitRows(
      Dataset.from(options.train),
      options.val && Dataset.from(options.val),
      this.options.seed ?? 0,
    );
    const search = () => this.#run(program, { ...options, train, val });
    if (test === undefined) return search();
    const { signal, principal, concurrency = rowsAtOnce({}) } = options;
    const unseen = testRows(Dataset.from(test), train, val);
    const settings = { signal, concurrency, ...(principal && { principal }) };
    const { optimization, ...tested } = await measureSearch(
      program,
      unseen,
      this.options.metric as FieldMetric,
      search,
      settings,
    );
    if (tested.doubt !== undefined) process.emitWarning(tested.doubt);
    return optimization.withTested(tested);
  }

  async #run<P extends Module>(
    program: P,
    {
      train,
      val,
      budget = {},
      concurrency = rowsAtOnce({}),
      journal,
      frozen,
      principal,
      signal,
      maxOutages = 20,
      repeats,
    }: Omit<CompileOptions, "train" | "val" | "test"> & { train: Dataset; val: Dataset },
  ): Promise<Optimization<P>> {
    const { seed = 0, metric, objective, maxDemoTokens } = this.options;
    const study = new Study({
      name: this.describe(),
      program,
      train,
      val,
      metric: metric as Metric,
      objective,
      seed,
      concurrency,
      budget,
      journal,
      frozen,
      maxDemoTokens,
      principal,
      signal,
      models: this.models(),
      maxOutages,
      repeats,
    });
    let stopped: string | undefined;
    try {
      await traced("optimizer", this.constructor.name, undefined, async () => {
        await study.evaluate(study.base);
        await this.search(study);
      });
    } catch (error) {
      if (!(error instanceof BudgetExhausted)) throw error;
      stopped = error.message;
    } finally {
      study.end();
    }
    return new Optimization<P>(this.constructor.name, study, stopped);
  }

  /** Name and plain options, so that a journal of other options is told apart. */
  protected describe(): string {
    const plain = Object.entries(this.options).filter(
      ([name, value]) => name !== "seed" && ["number", "string", "boolean"].includes(typeof value),
    );
    return `${this.constructor.name} ${JSON.stringify(Object.fromEntries(plain.sort()))}`;
  }
}

function testRows(test: Dataset, train: Dataset, val: Dataset): Dataset {
  if (test.length === 0)
    throw new ConfigurationError("the test rows are empty; leave `test` away where there are none");
  warnOfSeenRows(test, train, val);
  return test;
}

function splitRows(train: Dataset, val: Dataset | undefined, seed: number): { train: Dataset; val: Dataset } {
  if (train.length === 0)
    throw new ConfigurationError("the training rows are empty; an optimizer needs at least one");
  if (val) {
    if (val.length === 0)
      throw new ConfigurationError(
        "the validation rows are empty; leave `val` away to take them from `train`",
      );
    warnOfSharedRows(train, val);
    return { train, val };
  }
  if (train.length < 2)
    throw new ConfigurationError("one row cannot be both learnt from and chosen by; give `val`");
  return train.split({ train: 0.5, val: 0.5, seed });
}
