interface Bucket {
  /** Requests that may come at once. */
  tokens: number;
  /** Milliseconds on the process's clock. */
  filledAt: number;
}

/** Callers remembered; those beyond are forgotten, the longest unseen first. */
const mostCallers = 10_000;

/**
 * So many requests a minute for each caller, by a token bucket that holds ten seconds' worth (Turner 1986, "New
 * directions in communications"): short bursts pass, the mean is kept.
 */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now - milliseconds that never run back. */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perSecond = perMinute / 60;
    this.#burst = Math.max(1, this.#perSecond * 10);
    this.#now = now;
  }

  /** Counts a request; gives the seconds after which it may come again, 0 where it may pass. */
  take(caller: string): number {
    const now = this.#now();
    const { tokens, filledAt } = this.#buckets.get(caller) ?? { tokens: this.#burst, filledAt: now };
    const filled = Math.min(this.#burst, tokens + ((now - filledAt) / 1000) * this.#perSecond);
    const passes = filled >= 1;
    // Put anew at the end, so that the first of the map is the one longest unseen.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: passes ? filled - 1 : filled, filledAt: now });
    if (this.#buckets.size > mostCallers) this.#buckets.delete(this.#buckets.keys().next().value!);
    return passes ? 0 : (1 - filled) / this.#perSecond;
  }
}
