/** Ratio of a bucket's bounds; a quantile is right within 1 %. */
const ratio = 1.02;
/** Bounds of what is told apart: a tenth of a millisecond and a day, in seconds. */
const least = 1e-4;
const most = 86_400;
const size = Math.ceil(Math.log(most / least) / Math.log(ratio)) + 1;

/**
 * Quantiles of durations within 1 %, in constant memory, and of several sketches together: buckets whose bounds grow by
 * a constant ratio, as DDSketch (Masson, Rim and Lee 2019, https://arxiv.org/abs/1908.10693).
 */
export class QuantileSketch {
  readonly #counts = new Uint32Array(size);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts a duration in seconds. */
  add(seconds: number): void {
    const place = Math.ceil(Math.log(Math.max(seconds, least) / least) / Math.log(ratio));
    this.#counts[Math.min(place, size - 1)]!++;
    this.#count++;
  }

  /** Counts all that `other` counted. */
  merge(other: QuantileSketch): void {
    for (let place = 0; place < size; place++) this.#counts[place]! += other.#counts[place]!;
    this.#count += other.#count;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
  }

  /** The duration that the given share (0 to 1) does not exceed, in seconds; NaN where nothing was counted. */
  quantile(share: number): number {
    if (this.#count === 0) return NaN;
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (let place = 0; place < size; place++) {
      left -= this.#counts[place]!;
      // The middle of the bucket, by ratio.
      if (left <= 0) return least * ratio ** (place - 0.5);
    }
    return most;
  }
}
