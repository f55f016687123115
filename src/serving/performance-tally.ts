import { QuantileSketch } from "./quantile-sketch.ts";

/** How calls went over some time. */
export interface PerformanceFigures {
  calls: number;
  failed: number;
  /** 0 to 1; NaN where nothing was called. */
  successRate: number;
  /** Failed calls by the name of the error: at most 20 names, and `other`. */
  errors: Record<string, number>;
  /** Seconds a call took, failed ones included; NaN where nothing was called. Quantiles are right within 1 %. */
  seconds: { mean: number; p50: number; p95: number; p99: number };
  /** Tokens that models took in and gave, those from the cache aside. */
  tokens: { input: number; output: number };
  /** US dollars; null where the price of any call of a model is not known. */
  cost: number | null;
  /** Scores from feedback. `mean` is NaN where there are none. */
  score: { count: number; mean: number };
}

const mostKinds = 20;

/** Adds calls up, in constant memory. */
export class PerformanceTally {
  readonly #sketch = new QuantileSketch();
  readonly #errors = new Map<string, number>();
  #failed = 0;
  #seconds = 0;
  #input = 0;
  #output = 0;
  #cost: number | null = 0;
  #scores = 0;
  #scoreSum = 0;

  /** Counts a call that took so long, and the name of its error where it failed. */
  call(seconds: number, error?: string): void {
    this.#sketch.add(seconds);
    this.#seconds += seconds;
    if (error !== undefined) this.#fail(error, 1);
  }

  tokens(input: number, output: number, cost: number | null): void {
    this.#input += input;
    this.#output += output;
    this.#cost = this.#cost === null || cost === null ? null : this.#cost + cost;
  }

  score(value: number): void {
    this.#scores++;
    this.#scoreSum += value;
  }

  merge(other: PerformanceTally): void {
    this.#sketch.merge(other.#sketch);
    this.#seconds += other.#seconds;
    for (const [kind, count] of other.#errors) this.#fail(kind, count);
    this.tokens(other.#input, other.#output, other.#cost);
    this.#scores += other.#scores;
    this.#scoreSum += other.#scoreSum;
  }

  clear(): void {
    this.#sketch.clear();
    this.#errors.clear();
    this.#failed = this.#seconds = this.#input = this.#output = this.#scores = this.#scoreSum = 0;
    this.#cost = 0;
  }

  figures(): PerformanceFigures {
    const calls = this.#sketch.count;
    const quantile = (share: number) => this.#sketch.quantile(share);
    return {
      calls,
      failed: this.#failed,
      successRate: (calls - this.#failed) / calls,
      errors: Object.fromEntries(this.#errors),
      seconds: {
        mean: this.#seconds / calls,
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
      },
      tokens: { input: this.#input, output: this.#output },
      cost: this.#cost,
      score: { count: this.#scores, mean: this.#scoreSum / this.#scores },
    };
  }

  #fail(error: string, count: number): void {
    const kind = this.#errors.has(error) || this.#errors.size < mostKinds ? error : "other";
    this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + count);
    this.#failed += count;
  }
}
