/** Counts of one class. */
export interface ClassFigures {
  label: string;
  /** Rows that are of the class. */
  support: number;
  /** Rows that were said to be. */
  predicted: number;
  precision: number;
  recall: number;
  f1: number;
}

/** What an answer that could not be had is shown as among the predictions. */
export const noAnswer = "(no answer)";

/** Counts expected against predicted labels, row by row. */
export class ConfusionMatrix {
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #labels = new Set<string>();
  #hits = 0;
  #rows = 0;

  /**
   * The matrix of two lists of the same length. A prediction that is undefined or null counts as
   * {@link noAnswer}. Throws RangeError where the lengths differ.
   */
  static of(expected: readonly string[], predicted: readonly (string | null | undefined)[]): ConfusionMatrix {
    if (expected.length !== predicted.length) {
      throw new RangeError(`${expected.length} expected labels against ${predicted.length} predicted ones`);
    }
    const matrix = new ConfusionMatrix();
    for (const [index, label] of expected.entries()) matrix.add(label, predicted[index] ?? noAnswer);
    return matrix;
  }

  /** Counts one row more. */
  add(expected: string, predicted: string): void {
    this.#labels.add(expected).add(predicted);
    let row = this.#counts.get(expected);
    if (!row) this.#counts.set(expected, (row = new Map<string, number>()));
    row.set(predicted, (row.get(predicted) ?? 0) + 1);
    this.#rows++;
    if (expected === predicted) this.#hits++;
  }

  /** All labels that were expected or predicted, sorted; "(no answer)" last. */
  get labels(): string[] {
    const labels = [...this.#labels].filter((label) => label !== noAnswer).sort();
    if (this.#labels.has(noAnswer)) labels.push(noAnswer);
    return labels;
  }

  /** How many labels there are, {@link noAnswer} not among them. */
  get size(): number {
    return this.#labels.size - (this.#labels.has(noAnswer) ? 1 : 0);
  }

  /** Rows that are `expected` and were said to be `predicted`. */
  count(expected: string, predicted: string): number {
    return this.#counts.get(expected)?.get(predicted) ?? 0;
  }

  /** Share of the rows whose label was found; NaN before the first row. */
  accuracy(): number {
    return this.#hits / this.#rows;
  }

  /** Precision, recall and F1 by class, over the classes that occur among the expected. 0 where undefined. */
  classes(): ClassFigures[] {
    const { labels } = this;
    const sum = (of: (other: string) => number) => labels.reduce((total, other) => total + of(other), 0);
    return labels
      .map((label) => {
        const hits = this.count(label, label);
        const support = sum((other) => this.count(label, other));
        const predicted = sum((other) => this.count(other, label));
        const precision = predicted === 0 ? 0 : hits / predicted;
        const recall = support === 0 ? 0 : hits / support;
        const f1 = hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
        return { label, support, predicted, precision, recall, f1 };
      })
      .filter(({ support }) => support > 0);
  }

  /** Mean F1 of the classes that occur among the expected: each class counts the same. NaN without rows. */
  macroF1(): number {
    const classes = this.classes();
    return classes.reduce((total, { f1 }) => total + f1, 0) / classes.length;
  }
}
