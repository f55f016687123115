import { join } from "node:path";
import { ConfigurationError, solve } from "../../../core/index.ts";
import { Dataset } from "../../../data/index.ts";
import { type Embedder, sentenceEmbedder } from "../../../retrieval/index.ts";
import { packageRoot } from "../../../services/index.ts";
import type { CheckedPlace, Finding, SecurityCheck } from "./check.ts";

/** A text that is an attempt at an injection, or looks like one and is none. */
export interface InjectionExample {
  text: string;
  attack: boolean;
}

/** How a {@link LearntInjectionCheck} is learnt. */
export interface LearnInjectionOptions {
  /** Default: the sentence embedder. */
  embedder?: Embedder | undefined;
  /**
   * Share of the harmless examples it may turn down, above 0 and below 1, on examples held out in turn. Default 0.1,
   * where most was gained on the examples of this package; texts that do not resemble attempts are far fewer.
   */
  falseAlarms?: number | undefined;
}

/** Holds the weights small; chosen on the development part of `datasets/injection_attempts.csv`. */
const ridge = 1;
/** Added to each product of vectors, so that the model has a constant. */
const constant = 0.1;
const folds = 5;
const fewest = 20;

/**
 * Finds what means the same as known attempts, in words that no rule has: ridge regression on the vectors of an
 * embedder. Learns in seconds from a table, so an attempt that got through is answered by a row more.
 *
 * ```ts
 * const learnt = await LearntInjectionCheck.learn();
 * new EnterpriseAssistant(index, { checks: [...standardChecks(), learnt] });
 * ```
 */
export class LearntInjectionCheck implements SecurityCheck {
  readonly name = "learnt injection";
  readonly #embedder: Embedder;
  readonly #weights: readonly number[];
  readonly #threshold: number;

  private constructor(embedder: Embedder, { weights, base }: Model, threshold: number) {
    this.#embedder = embedder;
    this.#weights = [...weights, base];
    this.#threshold = threshold;
  }

  /**
   * Learns from examples. Default: the development part of this package's `datasets/injection_attempts.csv`; add your
   * own to them. Throws ConfigurationError with fewer than 20 examples of either kind, or a share out of range.
   */
  static async learn(
    examples?: Iterable<InjectionExample>,
    { embedder = sentenceEmbedder(), falseAlarms = 0.1 }: LearnInjectionOptions = {},
  ): Promise<LearntInjectionCheck> {
    if (!(falseAlarms > 0 && falseAlarms < 1)) {
      throw new ConfigurationError(
        `invalid falseAlarms: ${falseAlarms}; expected a share above 0 and below 1`,
      );
    }
    const known = [...(examples ?? (await ownExamples()))];
    for (const attack of [true, false]) {
      const count = known.filter((example) => example.attack === attack).length;
      if (count >= fewest) continue;
      throw new ConfigurationError(
        `${count} examples are ${attack ? "attempts" : "harmless"}; at least ${fewest} are needed`,
      );
    }
    const vectors = await embedder.embed(known.map(({ text }) => text));
    const rows = known.map(({ attack }, place) => ({ vector: vectors[place]!, attack }));
    // Folds take turns within each kind, so that every fold holds both.
    const turns = { true: 0, false: 0 };
    const fold = rows.map(({ attack }) => turns[`${attack}`]++ % folds);
    const harmless: number[] = [];
    for (let out = 0; out < folds; out++) {
      const model = fit(rows.filter((_, place) => fold[place] !== out));
      rows.forEach(({ vector, attack }, place) => {
        if (fold[place] === out && !attack) harmless.push(weigh(model, vector));
      });
    }
    harmless.sort((a, b) => b - a);
    return new LearntInjectionCheck(
      embedder,
      fit(rows),
      harmless[Math.floor(falseAlarms * harmless.length)]!,
    );
  }

  /** {@inheritDoc SecurityCheck.find} */
  async find(text: string, place: CheckedPlace): Promise<readonly Finding[]> {
    if (place === "answer" || text.trim() === "") return [];
    const model = { weights: this.#weights.slice(0, -1), base: this.#weights.at(-1)! };
    const vectors = await this.#embedder.embed(pieces(text));
    return vectors.some((vector) => weigh(model, vector) > this.#threshold)
      ? [{ kind: "injection", rule: "resembles known attempts to steer the assistant" }]
      : [];
  }
}

async function ownExamples(): Promise<InjectionExample[]> {
  const rows = await Dataset.read(join(packageRoot, "datasets", "injection_attempts.csv"));
  return rows
    .filter(({ split }) => split === "development")
    .rows()
    .map(({ text, attack }) => ({ text: String(text), attack: attack === true }));
}

interface Model {
  weights: readonly number[];
  base: number;
}

/** Ridge regression to 1 and -1, in its dual form: there are fewer examples than dimensions. */
function fit(rows: readonly { vector: Float32Array; attack: boolean }[]): Model {
  const kernel = rows.map(({ vector: a }, at) =>
    rows.map(({ vector: b }, other) => dot(a, b) + constant + (at === other ? ridge : 0)),
  );
  const shares = solve(
    kernel,
    rows.map(({ attack }) => (attack ? 1 : -1)),
  );
  const weights = new Array<number>(rows[0]!.vector.length).fill(0);
  rows.forEach(({ vector }, at) => {
    for (const [dimension, value] of vector.entries()) weights[dimension]! += shares[at]! * value;
  });
  return { weights, base: constant * shares.reduce((sum, share) => sum + share, 0) };
}

function weigh({ weights, base }: Model, vector: Float32Array): number {
  return dot(vector, weights) + base;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let dimension = 0; dimension < a.length; dimension++) sum += a[dimension]! * b[dimension]!;
  return sum;
}

/** Characters beyond which a sentence is lost in what surrounds it. */
const longest = 300;
/** Sentences shorter than this say too little alone. */
const shortest = 100;

/** A short text as it is; of a longer one its sentences, short ones joined. */
function pieces(text: string): string[] {
  if (text.length <= longest) return [text];
  const joined: string[] = [];
  for (const sentence of text.match(/[^.?!\n]{1,300}[.?!\n]*/g) ?? []) {
    const last = joined.at(-1);
    if (last !== undefined && last.length + sentence.length <= shortest)
      joined[joined.length - 1] += sentence;
    else joined.push(sentence);
  }
  return joined;
}
