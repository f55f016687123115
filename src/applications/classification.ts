import { DataError } from "../core/index.ts";
import { Dataset, type TableLike } from "../data/index.ts";
import type { Comparison, Evaluation } from "../evaluate/index.ts";
import { Predict } from "../modules/index.ts";
import {
  type CompileOptions,
  macroF1,
  meanScore,
  measureSearch,
  type Optimization,
  type Optimizer,
  type OptimizerOptions,
  weighted,
} from "../optimizers/index.ts";
import { field, literalOf, Signature } from "../signature/index.ts";
import { labelMatch } from "./label-match.ts";

/** What a classification is of, and how it is done. */
export interface ClassificationOptions {
  /** Column that holds the text. */
  text: string;
  /** Column that holds the label: 2 to 50 different texts, numbers or booleans. */
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
  compile?: Omit<CompileOptions, "train" | "val" | "test" | "signal" | "concurrency"> | undefined;
  /** Rows under way at once. Default: as many as the model answers at once, where it says so, else 16. */
  concurrency?: number | undefined;
  /** Stops the work; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** A classifier before and after it was optimised, both on the same rows that neither saw. */
export interface Classification {
  /** Takes the text and gives the label, by the columns' names; see {@link classify} for names it cannot have. */
  program: Predict;
  /** In order. */
  labels: readonly string[];
  /** How many rows were learnt from, chosen by and tested on. */
  rows: { train: number; val: number; test: number };
  /** Rows left out because their text or their label is empty. */
  dropped: number;
  before: Evaluation;
  /** The same object as `before` where the program was kept as it was. */
  after: Evaluation;
  comparison: Comparison;
  /** Why the gain is not to be relied on; undefined where it is, or where nothing was gained. */
  doubt: string | undefined;
  /** Undefined where no optimizer was run. */
  optimization: Optimization<Predict> | undefined;
}

/** Labels beyond which a column is taken for free text. */
const mostLabels = 50;
const fewestRows = 10;
const shares = { train: 0.5, val: 0.2, test: 0.3 };

/**
 * Classifies the texts of a table: infers the labels, splits the rows by label into half to learn from, a fifth
 * to choose by and the rest to test on, scores the classifier on the test rows, optimises it, and scores it there
 * again.
 *
 * The program's fields are called as the columns are. Where a field cannot be (`Customer text`), other characters
 * than letters, digits and `_` become `_`, in the evaluations' rows as well.
 *
 * Throws DataError for columns that are not there and for labels or rows that are too few or too many,
 * UnreachableError where the test rows cannot be scored before anything is optimised, and what the optimizer throws.
 */
export async function classify(data: TableLike, options: ClassificationOptions): Promise<Classification> {
  const { text, label, limit, seed = 0, optimizer, compile = {}, concurrency, signal } = options;
  const pace = concurrency === undefined ? { signal } : { signal, concurrency };
  const all = Dataset.from(data);
  const names = fieldNames(all, text, label);
  const usable = all.filter((row) => !isEmpty(row[text]) && !isEmpty(row[label]));
  if (usable.length < fewestRows) {
    throw new DataError(
      `found ${usable.length} rows with a text and a label, expected at least ${fewestRows}`,
      { file: all.source },
    );
  }
  const drawn = limit === undefined || limit >= usable.length ? usable : usable.sample(limit, { seed });
  const renamed = drawn.rename({ [text]: names.text, [label]: names.label });
  // A label that a file holds as a number is a name here too: demos must show it as the answer is expected.
  const rows = renamed.withColumns({ [names.label]: labelsOfRows(renamed, names.label) });
  const labels = differentLabels(rows, names.label);
  const { train, val, test } = rows.split({ ...shares, seed, stratify: names.label });
  const classifier = new Predict(
    new Signature([
      field(names.text, "input", { kind: "string" }),
      field(names.label, "output", literalOf(labels)),
    ]),
    options.instructions ?? `Classify the ${label.replaceAll("_", " ")} of the ${text.replaceAll("_", " ")}.`,
  ) as Predict;
  const metric = labelMatch(names.label);
  const search = async () =>
    optimizer?.({
      metric,
      // Rare labels count: a classifier that answers the commonest one for everything must not win.
      objective: weighted([
        [0.5, meanScore],
        [0.5, macroF1(names.label)],
      ]),
      seed,
    }).compile(classifier, { ...compile, ...pace, train, val });
  return {
    ...(await measureSearch(classifier, test, metric, search, pace)),
    labels,
    rows: { train: train.length, val: val.length, test: test.length },
    dropped: all.length - usable.length,
  };
}

/** Null, or a text of nothing but white space. */
function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "string" && value.trim() === "");
}

/** The fields that stand for the two columns. Throws DataError where there are no two columns, or no names for them. */
function fieldNames(rows: Dataset, text: string, label: string): { text: string; label: string } {
  rows.select(text, label); // says which column is not there
  if (text === label) throw new DataError("cannot hold both the text and the label", { column: text });
  const names = { text: fieldName(text) ?? "text", label: fieldName(label) ?? "label" };
  for (const [column, name] of [
    [text, names.text],
    [label, names.label],
  ] as const) {
    if (name !== column && (rows.columns.includes(name) || names.text === names.label)) {
      throw new DataError(`is to be the field "${name}", but there is another of that name; rename it`, {
        file: rows.source,
        column,
      });
    }
  }
  return names;
}

/** The column's name as a field can have it; undefined where nothing of it is left. */
function fieldName(column: string): string | undefined {
  const name = column.replace(/\W+/g, "_");
  if (/^_*$/.test(name)) return undefined;
  return /^\d/.test(name) ? `_${name}` : name;
}

function labelsOfRows(rows: Dataset, column: string): string[] {
  return rows.column(column).map((value) => {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
      return String(value);
    throw new DataError(
      `found a label that is neither text nor number nor boolean: ${JSON.stringify(value)?.slice(0, 80)}`,
      { file: rows.source, column },
    );
  });
}

function differentLabels(rows: Dataset, column: string): string[] {
  const labels = [...new Set(rows.column(column) as string[])].sort();
  if (labels.length >= 2 && labels.length <= mostLabels) return labels;
  throw new DataError(
    `found ${labels.length} different labels in ${rows.length} rows, expected 2 to ${mostLabels}: ${labels.slice(0, 5).join(", ")}${labels.length > 5 ? ", …" : ""}`,
    { file: rows.source, column },
  );
}
