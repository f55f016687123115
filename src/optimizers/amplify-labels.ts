import { type Displayable, display, type MimeBundle } from "../core/index.ts";
import { Dataset, type TableLike } from "../data/index.ts";
import { type Agreement, agreementOf, type Evaluation, evaluateWhole, showTable } from "../evaluate/index.ts";
import { meterUsage, type UsageTotals } from "../lm/index.ts";
import type { Metric, Scale } from "../metrics/index.ts";
import type { Module } from "../modules/index.ts";
import { dollars, totalCost } from "./budget.ts";
import type { Optimization } from "./optimization.ts";
import type { CompileOptions, Optimizer } from "./optimizer.ts";

/** How {@link amplifyLabels} works. */
export interface AmplifyLabelsOptions extends Omit<CompileOptions, "train" | "val"> {
  /** Column of the seed, and output of the judge, that is the label. Default `score`. */
  field?: string | undefined;
  /** The scale's lowest and highest value. Default 1 to 5. */
  range?: Scale | undefined;
  /** Shares of the seed to learn from, to choose by, and to hold out. Default 0.4, 0.3 and 0.3. */
  shares?: { train: number; val: number; test: number } | undefined;
  /** Column of the seed whose rows with one value stay together, such as the question. */
  groupBy?: string | undefined;
  /** Deals the seed's rows. Default 0. */
  seed?: number | undefined;
}

/** What {@link amplifyLabels} gives. */
export class LabelAmplification<J extends Module = Module> implements Displayable {
  /** The tuned judge. */
  readonly judge: J;
  /** The unlabelled rows with the judge's outputs as columns, and `error`; see `Module.map`. */
  readonly labelled: Dataset;
  /** Rows of `labelled` that have a label: those without an error. */
  readonly labels: number;
  /** The tuned judge and the judge as it was, on the human labels that were held out. */
  readonly agreement: Agreement;
  readonly agreementBefore: Agreement;
  /** Of the held-out rows, in case the tuned judge is to be looked at by row. */
  readonly heldOut: Evaluation;
  readonly optimization: Optimization<J>;
  /** What labelling took, without the search. */
  readonly used: UsageTotals;

  constructor(
    parts: Omit<LabelAmplification<J>, "costPerLabel" | "costPerLabelWithSearch" | typeof display>,
  ) {
    this.judge = parts.judge;
    this.labelled = parts.labelled;
    this.labels = parts.labels;
    this.agreement = parts.agreement;
    this.agreementBefore = parts.agreementBefore;
    this.heldOut = parts.heldOut;
    this.optimization = parts.optimization;
    this.used = parts.used;
  }

  /** US dollars a label; null where a price is not known, NaN where nothing was labelled. */
  get costPerLabel(): number | null {
    return this.used.cost === null ? null : this.used.cost / this.labels;
  }

  /** The same with what the search took: what labelling costs if the judge is used for these rows alone. */
  get costPerLabelWithSearch(): number | null {
    const search = totalCost(this.optimization.used);
    return this.used.cost === null || search === null ? null : (this.used.cost + search) / this.labels;
  }

  [display](): MimeBundle {
    const figure = (name: "nmse" | "weightedKappa" | "exact") => {
      const [was, is] = [this.agreementBefore.figures[name], this.agreement.figures[name]];
      return `${was.mean.toFixed(2)} → ${is.mean.toFixed(2)} (${is.interval[0].toFixed(2)} to ${is.interval[1].toFixed(2)})`;
    };
    return showTable({
      head: ["", "labels made of few"],
      rows: [
        ["labels", `${this.labels} of ${this.labelled.length} rows`],
        ["held-out human labels", String(this.agreement.rows)],
        ["NMSE, percent", figure("nmse")],
        ["kappa, quadratic weights", figure("weightedKappa")],
        ["same score", figure("exact")],
        ["cost per label", dollars(this.costPerLabel)],
        ["with the search", dollars(this.costPerLabelWithSearch)],
      ],
    });
  }
}

/**
 * Makes many labels of few: tunes a judge on a part of the rows that a person labelled, measures it on the part that was
 * held out, and has it label rows that nobody did. Trust the labels as far as the held-out agreement goes; its interval is
 * wide for a small seed.
 *
 * The judge is any program that gives `field`: a `Judge`, or a `Module` that retrieves context before it judges. What the
 * optimizer's metric compares is the seed's label: `scaleFeedback(field, { range })`, for instance.
 *
 * ```ts
 * const amplified = await amplifyLabels(scored, unscored, new Relevance(), new GEPA({ metric: scaleFeedback("score", { range: [1, 5] }) }));
 * await amplified.labelled.write("labelled.parquet");
 * ```
 *
 * Throws DataError for rows that lack a column, UnreachableError where the held-out rows cannot be measured, and what the
 * optimizer throws.
 */
export async function amplifyLabels<J extends Module>(
  seed: TableLike,
  unlabelled: TableLike,
  judge: J,
  optimizer: Optimizer,
  {
    field = "score",
    range,
    shares = { train: 0.4, val: 0.3, test: 0.3 },
    groupBy,
    seed: number = 0,
    ...compile
  }: AmplifyLabelsOptions = {},
): Promise<LabelAmplification<J>> {
  const { train, val, test } = Dataset.from(seed).split({ ...shares, seed: number, groupBy });
  const { signal, concurrency } = compile;
  const pace = { ...(signal && { signal }), ...(concurrency !== undefined && { concurrency }) };
  const measure = (one: Module, name: string) =>
    evaluateWhole(one, test, optimizer.options.metric as Metric, { name, ...pace });
  const before = await measure(judge, "before");
  const optimization = await optimizer.compile(judge, { ...compile, train, val });
  const heldOut = optimization.kept ? before : await measure(optimization.program, "after");
  const { value: labelled, usage: used } = await meterUsage(() => optimization.program.map(unlabelled, pace));
  const errors = labelled.columns.at(-1)!;
  return new LabelAmplification<J>({
    judge: optimization.program,
    labelled,
    labels: labelled.column(errors).filter((error) => error === null).length,
    agreement: agreementOf(heldOut, { field, range }),
    agreementBefore: agreementOf(before, { field, range }),
    heldOut,
    optimization,
    used,
  });
}
