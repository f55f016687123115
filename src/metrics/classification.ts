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

  add(expected: string, predicted: string): void {
    this.#labels.add(expected).add(predicted);
    let row = this.#counts.get(expected);
    if (!row) this.#counts.set(expected, (row = new Map<string, number>()));
    row.set(predicted, (row.get(predicted) ?? 0) + 1);
  }

  /** All labels that were expected or predicted, sorted; "(no answer)" last. */
  get labels(): string[] {
    const labels = [...this.#labels].filter((label) => label !== noAnswer).sort();
    if (this.#labels.has(noAnswer)) labels.push(noAnswer);
    return labels;
  }

  /** Rows that are `expected` and were said to be `predicted`. */
  count(expected: string, predicted: string): number {
    return this.#counts.get(expected)?.get(predicted) ?? 0;
  }

  /** Precision, recall and F1 by class, over the classes that occur among the expected. 0 where undefined. */
  classes(): ClassFigures[] {
    return classFigures(this.labels, (expected, predicted) => this.count(expected, predicted));
  }

  /** Mean F1 of the classes that occur among the expected: each class counts the same. */
  macroF1(): number {
    return macroF1Of(this.classes());
  }
}

function classFigures(
  labels: readonly string[],
  count: (expected: string, predicted: string) => number,
): ClassFigures[] {
  const sum = (of: (other: string) => number) => labels.reduce((total, other) => total + of(other), 0);
  return labels
    .map((label) => {
      const hits = count(label, label);
      const support = sum((other) => count(label, other));
      const predicted = sum((other) => count(other, label));
      const precision = predicted === 0 ? 0 : hits / predicted;
      const recall = support === 0 ? 0 : hits / support;
      const f1 = hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
      return { label, support, predicted, precision, recall, f1 };
    })
    .filter(({ support }) => support > 0);
}

function macroF1Of(classes: readonly ClassFigures[]): number {
  return classes.length === 0 ? NaN : classes.reduce((total, { f1 }) => total + f1, 0) / classes.length;
}

/**
 * Macro F1 of the rows at the given places, for resampling: `expected` and `predicted` hold a label's number
 * for each row, below `labels`.
 */
export function macroF1At(
  expected: Int32Array,
  predicted: Int32Array,
  labels: number,
  places: Int32Array,
): number {
  const hits = new Int32Array(labels);
  const support = new Int32Array(labels);
  const claimed = new Int32Array(labels);
  for (const place of places) {
    const truth = expected[place]!;
    const claim = predicted[place]!;
    support[truth]!++;
    claimed[claim]!++;
    if (truth === claim) hits[truth]!++;
  }
  let sum = 0;
  let classes = 0;
  for (let label = 0; label < labels; label++) {
    if (support[label] === 0) continue;
    classes++;
    sum += (2 * hits[label]!) / (support[label]! + claimed[label]!);
  }
  return classes === 0 ? NaN : sum / classes;
}
