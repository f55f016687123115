import {
  ConfigurationError,
  type Displayable,
  display,
  type MimeBundle,
  type RunRecord,
  type Trackable,
} from "../../core/index.ts";
import { Dataset, type TableLike } from "../../data/index.ts";
import {
  type Agreement,
  agreementOf,
  type Evaluation,
  evaluateWhole,
  showTable,
} from "../../evaluate/index.ts";
import { Relevance, scaleFeedback } from "../../metrics/index.ts";
import type { Module } from "../../modules/index.ts";
import {
  type Bullet,
  type CompileOptions,
  DisagreementLoop,
  GEPA,
  type InstructionLibrary,
  LibrarySearch,
  type Optimization,
  type Optimizer,
  type OptimizerOptions,
  type ProposerOptions,
} from "../../optimizers/index.ts";
import { relevanceBullets } from "./bullets.ts";

/**
 * How a judge of relevance is tuned: its instructions rewritten whole by {@link GEPA}, made of approved bullets by
 * {@link LibrarySearch}, or mended where it is farthest from the person by {@link DisagreementLoop}.
 */
export type RelevanceMode = "rewrite" | "library" | "disagreement";

/** What {@link tuneRelevance} takes. */
export interface RelevanceOptions<J extends Module = Module> extends ProposerOptions {
  /** Takes `query` and `document`, gives `score`. Default `new Relevance()`, whose rubric is a prompt as a person writes it. */
  judge?: J | undefined;
  /** Default: all three, in the order of {@link RelevanceMode}. */
  modes?: readonly RelevanceMode[] | undefined;
  /** What `library` chooses from. Default {@link relevanceBullets}. */
  library?: InstructionLibrary | readonly Bullet[] | undefined;
  /** Shares of the rows to learn from, to choose by, and to test on. Default 0.4, 0.3 and 0.3. */
  shares?: { train: number; val: number; test: number } | undefined;
  /** Column whose rows with one value stay together. Default `query`: rows of one query are alike. */
  groupBy?: string | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** For each mode; see `Optimizer.compile`. */
  compile?: Omit<CompileOptions, "train" | "val" | "signal" | "concurrency" | "journal"> | undefined;
  /** Rows under way at once. Default: as many as the model answers at once, where it says so, else 16. */
  concurrency?: number | undefined;
  /** Stops the work; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** A judge on the test rows. */
export interface MeasuredJudge {
  evaluation: Evaluation;
  /** With the person, row by row; its `nmse` is what the modes aim at. */
  agreement: Agreement;
  /** Share of the replies that could not be read, 0 to 1. */
  unreadable: number;
}

/** What a mode made of the judge. */
export interface TunedRelevance<J extends Module = Module> extends MeasuredJudge {
  mode: RelevanceMode;
  program: J;
  optimization: Optimization<J>;
  /** By how much of itself NMSE fell: 0.45 is by 45 %; below 0 it rose, NaN where there was none to fall. */
  reduction: number;
}

const range = [1, 5] as const;

/** What {@link tuneRelevance} gives; in a notebook it shows itself as a table. */
export class RelevanceTuning<J extends Module = Module> implements Displayable, Trackable {
  /** The judge as it was. */
  readonly before: MeasuredJudge;
  /** One entry a mode, in their order. */
  readonly modes: readonly TunedRelevance<J>[];
  /** How many rows were learnt from, chosen by and tested on. */
  readonly rows: { train: number; val: number; test: number };

  constructor(
    before: MeasuredJudge,
    modes: readonly TunedRelevance<J>[],
    rows: { train: number; val: number; test: number },
  ) {
    this.before = before;
    this.modes = modes;
    this.rows = rows;
  }

  /** What a tracking server is told: a run with one inside it for the judge as it was and for each mode. */
  toRun(): RunRecord {
    const nmse = ({ agreement }: MeasuredJudge) => agreement.figures.nmse.mean;
    const metrics = this.modes.flatMap((tuned) => [
      [`nmse_${tuned.mode}`, nmse(tuned)],
      [`unreadable_${tuned.mode}`, tuned.unreadable],
    ]);
    return {
      name: "relevance",
      tags: { "lmframe.kind": "relevance" },
      metrics: {
        nmse_before: nmse(this.before),
        unreadable_before: this.before.unreadable,
        ...(Object.fromEntries(metrics) as Record<string, number>),
      },
      children: [
        this.before.evaluation.toRun(),
        ...this.modes.flatMap(({ evaluation, optimization }) => [evaluation.toRun(), optimization.toRun()]),
      ],
    };
  }

  [display](): MimeBundle {
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const rows = [this.before, ...this.modes].map((judge) => {
      const { nmse, weightedKappa, exact } = judge.agreement.figures;
      const tuned = judge as Partial<TunedRelevance>;
      const task = tuned.optimization?.used.task;
      return [
        tuned.mode ?? "before",
        `${nmse.mean.toFixed(2)} (${nmse.interval[0].toFixed(2)} to ${nmse.interval[1].toFixed(2)})`,
        tuned.reduction === undefined ? "" : percent(-tuned.reduction),
        percent(judge.unreadable),
        weightedKappa.mean.toFixed(2),
        percent(exact.mean),
        task === undefined ? "" : String(task.calls),
      ];
    });
    const { train, val, test } = this.rows;
    return showTable({
      caption: `Judge of relevance against a person, on ${test} unseen rows (${train} learnt from, ${val} chosen by)`,
      head: ["mode", "NMSE (95 % interval)", "change", "unreadable", "kappa", "same score", "calls"],
      rows,
    });
  }
}

/**
 * Brings a judge of relevance to score as a person does, in three ways side by side, each measured on the same rows that
 * none of them saw. What they aim at is NMSE: the mean squared error in percent of the largest that the scale from 1 to 5
 * allows; a reply that cannot be read counts as fully wrong.
 *
 * ```ts
 * const tuning = await tuneRelevance(await Dataset.read("datasets/judge_scores.csv"), { reflectionModel: large });
 * ```
 *
 * @param data columns `query`, `document`, `score` (1 to 5) and, where there is one, the person's `rationale`, which the
 * models that propose are told.
 * Throws DataError for rows that lack a column, UnreachableError where the test rows cannot be measured, and what the
 * optimizers throw.
 */
export async function tuneRelevance<J extends Module = Relevance>(
  data: TableLike,
  options: RelevanceOptions<J> = {},
): Promise<RelevanceTuning<J>> {
  const {
    judge = new Relevance() as unknown as J,
    modes = ["rewrite", "library", "disagreement"],
    shares = { train: 0.4, val: 0.3, test: 0.3 },
    groupBy = "query",
    seed = 0,
    compile,
    concurrency,
    signal,
  } = options;
  const { train, val, test } = Dataset.from(data).split({ ...shares, seed, groupBy });
  const pace = { ...(signal && { signal }), ...(concurrency !== undefined && { concurrency }) };
  const metric = scaleFeedback("score", { range });
  const measure = async (program: J, name: string): Promise<MeasuredJudge> => {
    const evaluation = await evaluateWhole(program, test, metric, { name, ...pace });
    return {
      evaluation,
      agreement: agreementOf(evaluation, { range }),
      unreadable: evaluation.unreadable / evaluation.rows.length,
    };
  };
  const optimizers = modes.map((mode) => [mode, optimizerOf(mode, { metric, seed }, options)] as const);
  const before = await measure(judge, "before");
  const tuned: TunedRelevance<J>[] = [];
  for (const [mode, optimizer] of optimizers) {
    const optimization = await optimizer.compile(judge, { ...compile, ...pace, train, val });
    const { program, kept } = optimization;
    const measured = kept ? before : await measure(program, mode);
    const [was, is] = [before, measured].map(({ agreement }) => agreement.figures.nmse.mean) as [
      number,
      number,
    ];
    tuned.push({ mode, program, optimization, ...measured, reduction: 1 - is / was });
  }
  return new RelevanceTuning(before, tuned, { train: train.length, val: val.length, test: test.length });
}

function optimizerOf(
  mode: RelevanceMode,
  shared: OptimizerOptions,
  {
    promptModel,
    reflectionModel,
    library = relevanceBullets,
  }: Pick<RelevanceOptions, "promptModel" | "reflectionModel" | "library">,
): Optimizer {
  const models = { promptModel, reflectionModel };
  switch (mode) {
    case "rewrite":
      return new GEPA({ ...shared, ...models });
    case "library":
      return new LibrarySearch({ ...shared, library });
    case "disagreement":
      return new DisagreementLoop({ ...shared, ...models });
    default:
      throw new ConfigurationError(`no mode "${String(mode)}"; there are: rewrite, library, disagreement`);
  }
}
