import { ConfigurationError, solve } from "../core/index.ts";
import type { Passage } from "../modules/index.ts";
import { contentWords } from "./content-words.ts";

/** A question with what was found for it, and whether the documents hold its answer. */
export interface AnswerabilityExample {
  question: string;
  passages: readonly Passage[];
  answerable: boolean;
}

/** What an {@link Answerability} is, as plain data. */
export interface AnswerabilityState {
  /** Of the features in their order, then the constant. */
  weights: readonly number[];
  /** Questions with a lower chance are not answered. */
  threshold: number;
}

/** In order: what a weight is of. */
export const answerabilityFeatures = [
  "similarity of the best passage",
  "mean similarity of the best three",
  "share of the question's words in the best passage",
  "share of the question's words in the best three",
] as const;

/**
 * Tells from what a search found whether the documents hold the answer: a logistic model on how near the best
 * passages are in meaning, and how much of the question's words they hold. It says no before a model is asked, so a
 * model that always answers cannot invent.
 *
 * The weights depend on the embedder: {@link Answerability.fit} learns them from questions of your own.
 */
export class Answerability {
  readonly state: AnswerabilityState;

  constructor(state: AnswerabilityState = embeddedDefault) {
    if (state.weights.length !== answerabilityFeatures.length + 1) {
      throw new ConfigurationError(
        `${state.weights.length} weights were given; expected ${answerabilityFeatures.length + 1}: of ` +
          `${answerabilityFeatures.join(", ")}, and a constant`,
      );
    }
    this.state = state;
  }

  /** Chance that the passages hold the answer, 0 to 1; 0 where there are none. */
  chance(question: string, passages: readonly Passage[]): number {
    return passages.length === 0 ? 0 : sigmoid(dot(this.state.weights, features(question, passages)));
  }

  /** True where the question is to be answered. */
  holds(question: string, passages: readonly Passage[]): boolean {
    return this.chance(question, passages) >= this.state.threshold;
  }

  /**
   * Learns weights and threshold. The threshold is where as large a share of the answerable is answered as of the
   * others is refused, on examples held out in turn (five folds), so that it is not flattered by the fit.
   *
   * @throws ConfigurationError with fewer than five examples of either kind.
   */
  static fit(examples: readonly AnswerabilityExample[]): Answerability {
    const rows = examples.map(({ question, passages }) =>
      passages.length === 0 ? undefined : features(question, passages),
    );
    const kept = examples.flatMap(({ answerable }, index) => {
      const row = rows[index];
      return row ? [{ row, label: answerable ? 1 : 0 }] : [];
    });
    for (const label of [0, 1]) {
      const count = kept.filter((each) => each.label === label).length;
      if (count >= 5) continue;
      throw new ConfigurationError(
        `${count} questions ${label === 1 ? "that can" : "that cannot"} be answered found any passage; at least 5 ` +
          `are needed`,
      );
    }
    // Folds take turns within each kind, so that every fold holds both.
    const turn = [0, 0];
    const folds = kept.map(({ label }) => turn[label]!++ % 5);
    const chances = new Float64Array(kept.length);
    for (let fold = 0; fold < 5; fold++) {
      const weights = logistic(kept.filter((_, index) => folds[index] !== fold));
      kept.forEach(({ row }, index) => {
        if (folds[index] === fold) chances[index] = sigmoid(dot(weights, row));
      });
    }
    const labels = kept.map(({ label }) => label);
    return new Answerability({ weights: logistic(kept), threshold: evenThreshold(chances, labels) });
  }
}

/**
 * Fitted on the `tune` half of `datasets/logbook_questions.csv` with the embedded embedder, hybrid search, 5 passages.
 */
const embeddedDefault: AnswerabilityState = { weights: [0, 0, 0, 0, 0], threshold: 0.5 };

function features(question: string, passages: readonly Passage[]): number[] {
  const similarities = passages.map(({ similarity = 0 }) => similarity).sort((a, b) => b - a);
  const asked = contentWords(question);
  const held = (some: readonly Passage[]) => {
    const words = contentWords(some.map(textOf).join("\n"));
    return asked.size === 0 ? 0 : [...asked].filter((word) => words.has(word)).length / asked.size;
  };
  const three = similarities.slice(0, 3);
  return [
    similarities[0]!,
    three.reduce((sum, value) => sum + value, 0) / three.length,
    held(passages.slice(0, 1)),
    held(passages.slice(0, 3)),
    1,
  ];
}

function textOf({ text, fields }: Passage): string {
  return [text, ...Object.values(fields)].join("\n");
}

interface Labelled {
  row: readonly number[];
  label: number;
}

/** Logistic regression by Newton's method, with a small ridge that keeps separable data finite. */
function logistic(rows: readonly Labelled[], ridge = 0.1): number[] {
  const size = rows[0]!.row.length;
  let weights = new Array<number>(size).fill(0);
  for (let step = 0; step < 25; step++) {
    const gradient = weights.map((weight, i) => (i < size - 1 ? ridge * weight : 0));
    const hessian = weights.map((_, i) => weights.map((_, j) => (i === j ? ridge : 0)));
    for (const { row, label } of rows) {
      const chance = sigmoid(dot(weights, row));
      for (let i = 0; i < size; i++) {
        gradient[i]! += (chance - label) * row[i]!;
        for (let j = 0; j < size; j++) hessian[i]![j]! += chance * (1 - chance) * row[i]! * row[j]!;
      }
    }
    const change = solve(hessian, gradient);
    weights = weights.map((weight, i) => weight - change[i]!);
    if (Math.max(...change.map(Math.abs)) < 1e-9) break;
  }
  return weights;
}

/** The threshold at which the shares of both kinds that are told right differ least, half way between two chances. */
function evenThreshold(chances: Float64Array, labels: readonly number[]): number {
  const sorted = [...new Set(chances)].sort((a, b) => a - b);
  let best = { gap: Infinity, threshold: 0.5 };
  for (let i = 1; i < sorted.length; i++) {
    const threshold = (sorted[i - 1]! + sorted[i]!) / 2;
    const right = [0, 0];
    const all = [0, 0];
    labels.forEach((label, index) => {
      all[label]!++;
      if (chances[index]! >= threshold === (label === 1)) right[label]!++;
    });
    const gap = Math.abs(right[0]! / all[0]! - right[1]! / all[1]!);
    if (gap < best.gap) best = { gap, threshold };
  }
  return best.threshold;
}

function dot(weights: readonly number[], row: readonly number[]): number {
  return row.reduce((sum, value, index) => sum + value * weights[index]!, 0);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
