import { ConfigurationError, solve } from "../core/index.ts";
import type { Passage } from "../modules/index.ts";
import { contentWords, wordShare } from "./content-words.ts";
import { searchedText } from "./searched-text.ts";

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
  "similarity of the nearest passage",
  "greatest share of the question's words that one passage holds",
] as const;

/**
 * Tells from what a search found whether the documents hold the answer: a logistic model on how near the nearest
 * passage is in meaning, and how many of the question's words one passage holds. It says no before a model is asked, so a
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
   * Learns weights and threshold. The threshold is where the share `answered` of the answerable is answered, on
   * examples held out in turn (five folds), so that it is not flattered by the fit. How many of the others are then
   * refused is found by measuring, on examples that were not learnt from.
   *
   * @param answered share of the answerable questions to answer, above 0 and below 1. Default 0.85.
   * @throws ConfigurationError with fewer than five examples of either kind.
   */
  static fit(
    examples: readonly AnswerabilityExample[],
    { answered = 0.85 }: { answered?: number } = {},
  ): Answerability {
    if (!(answered > 0 && answered < 1)) {
      throw new ConfigurationError(`invalid answered: ${answered}; expected a share above 0 and below 1`);
    }
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
    const ofAnswerable = [...chances].filter((_, index) => kept[index]!.label === 1).sort((a, b) => a - b);
    const threshold = ofAnswerable[Math.floor((1 - answered) * ofAnswerable.length)]!;
    return new Answerability({ weights: logistic(kept), threshold });
  }
}

/**
 * Fitted on the `tune` half of `datasets/logbook_questions.csv` with the sentence embedder, hybrid search, 5 passages.
 */
const embeddedDefault: AnswerabilityState = { weights: [14.35, 2.61, -5.09], threshold: 0.69 };

function features(question: string, passages: readonly Passage[]): number[] {
  const asked = contentWords(question);
  const shares = passages.map((passage) => wordShare(asked, searchedText(passage)));
  return [Math.max(...passages.map(({ similarity = 0 }) => similarity)), Math.max(...shares), 1];
}

interface Labelled {
  row: readonly number[];
  label: number;
}

/** Keeps the weights of separable data finite, and is felt by no other. */
const ridge = 0.01;

/** Logistic regression by Newton's method. */
function logistic(rows: readonly Labelled[]): number[] {
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

function dot(weights: readonly number[], row: readonly number[]): number {
  return row.reduce((sum, value, index) => sum + value * weights[index]!, 0);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
