/** What one call took of a window. */
export interface Share {
  readonly at: number;
  amount: number;
  /** False once its minute is over, and where nothing is counted. */
  counted: boolean;
}

const minute = 60_000;

/** What was taken within the last 60 seconds, against a limit. Times are in milliseconds. */
export class MinuteWindow {
  readonly #limit: number;
  readonly #shares: Share[] = [];
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Milliseconds until `amount` fits. What is more than the whole limit fits an empty window. */
  waitFor(amount: number, now: number): number {
    if (this.#limit === Infinity) return 0;
    this.#forget(now);
    let excess = this.#taken + Math.min(amount, this.#limit) - this.#limit;
    for (const share of this.#shares) {
      if (excess <= 0) break;
      excess -= share.amount;
      if (excess <= 0) return share.at + minute - now;
    }
    return 0;
  }

  take(amount: number, now: number): Share {
    const share = { at: now, amount, counted: this.#limit !== Infinity };
    if (share.counted) {
      this.#shares.push(share);
      this.#taken += amount;
    }
    return share;
  }

  /** A share turned out to be of another size. */
  correct(share: Share, amount: number): void {
    if (share.counted) this.#taken += amount - share.amount;
    share.amount = amount;
  }

  #forget(now: number): void {
    while (this.#shares.length > 0 && this.#shares[0]!.at <= now - minute) {
      const share = this.#shares.shift()!;
      share.counted = false;
      this.#taken -= share.amount;
    }
  }
}
