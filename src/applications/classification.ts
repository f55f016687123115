import { ConfigurationError, DataError, nearest } from "../core/index.ts";
import { Dataset, type TableLike } from "../data/index.ts";
import { type Comparison, evaluate, type Evaluation } from "../evaluate/index.ts";
import { exactMatch } from "../metrics/index.ts";
import { Predict } from "../modules/index.ts";
import {
  type CompileOptions,
  macroF1,
  meanScore,
  type Optimization,
  type Optimizer,
  type OptimizerOptions,
  weighted,
} from "../optimizers/index.ts";
import { signature } from "../signature/index.ts";

/** What a classification is of. */
export interface ClassificationOptions {
  /** Column that holds the text. */
  text: string;
  /** Column that holds the label. */
  label: string;
  /** What the classifier is told. Default: a sentence of the two columns' names. */
  instructions?: string | undefined;
  /** Rows to use, drawn by the seed; default: all. */
  limit?: number | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** Makes the optimizer; undefined: none is run, and the figures after are those before. */
  optimizer?: ((options: OptimizerOptions) => Optimizer) | undefined;
  /** Passed on to the optimizer. */
  compile?: Omit<CompileOptions, "train" | "val"> | undefined;
  /** Rows under way at once. Default 16. */
  concurrency?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** A classifier before and after it was optimised, both on the same rows that neither saw. */
export interface Classification {
  program: Predict;
  labels: readonly string[];
  rows: { train: number; val: number; test: number };
  before: Evaluation;
  after: Evaluation;
  comparison: Comparison;
  /** Undefined where no optimizer was run. */
  optimization: Optimization<Predict> | undefined;
}

/** Labels beyond which a column is taken for free text. */
const mostLabels = 50;
const shares = { train: 0.5, val: 0.2, test: 0.3 };

/**
 * Classifies the texts of a table: infers the labels, splits the rows by label into half to learn from, a fifth
 * to choose by and the rest to test on, scores the classifier on the test rows, optimises it, and scores it there
 * again.
 *
 * Throws DataError for missing columns, rows without a label, or too many labels.
 */
export async function classify(data: TableLike, options: ClassificationOptions): Promise<Classification> {
  const { text, label, limit, seed = 0, optimizer, compile = {}, concurrency, signal } = options;
  const all = Dataset.from(data);
  for (const column of [text, label]) requireColumn(all, column);
  const usable = all.filter((row) => row[text] !== null && row[label] !== null);
  const rows = limit === undefined || limit >= usable.length ? usable : usable.sample(limit, { seed });
  const labels = labelsOf(rows, label);
  const { train, val, test } = rows.split({ ...shares, seed, stratify: label });
  const classifier = new Predict(
    signature({
      inputs: { [text]: "str" },
      outputs: { [label]: `Literal[${labels.map((value) => JSON.stringify(value)).join(", ")}]` },
    }) as never,
    options.instructions ?? `Classify the ${label.replaceAll("_", " ")} of the ${text.replaceAll("_", " ")}.`,
  ) as unknown as Predict;
  const metric = exactMatch(label);
  const run = (program: Predict, name: string) =>
    evaluate(program, test, metric, { name, signal, ...(concurrency !== undefined && { concurrency }) });
  const before = await run(classifier, "before");
  const optimization = await optimizer?.({
    metric,
    // Rare labels count: a classifier that answers the commonest one for everything must not win.
    objective: weighted([
      [0.5, meanScore],
      [0.5, macroF1(label)],
    ]),
    seed,
  }).compile(classifier, {
    train,
    val,
    signal,
    ...(concurrency !== undefined && { concurrency }),
    ...compile,
  });
  const program = optimization?.program ?? classifier;
  const after = program === classifier ? before : await run(program, "after");
  return {
    program,
    labels,
    rows: { train: train.length, val: val.length, test: test.length },
    before,
    after,
    comparison: after.compare(before),
    optimization,
  };
}

function requireColumn(rows: Dataset, column: string): void {
  if (!rows.columns.includes(column)) {
    const guess = nearest(column, rows.columns);
    throw new DataError(
      `no column "${column}"${guess === undefined ? "" : `; did you mean "${guess}"?`} The columns are: ${rows.columns.join(", ")}`,
      { file: rows.source, column },
    );
  }
  if (!/^[A-Za-z_]\w*$/.test(column)) {
    throw new ConfigurationError(
      `the column "${column}" cannot be the name of a field; rename it: rows.rename({ ${JSON.stringify(column)}: "text" })`,
    );
  }
}

function labelsOf(rows: Dataset, label: string): string[] {
  const labels = [...new Set(rows.column(label).map(String))].sort();
  if (labels.length < 2 || labels.length > mostLabels) {
    throw new DataError(
      `found ${labels.length} different labels in ${rows.length} rows, expected 2 to ${mostLabels}: ${labels.slice(0, 5).join(", ")}${labels.length > 5 ? ", …" : ""}`,
      { file: rows.source, column: label },
    );
  }
  return labels;
}
