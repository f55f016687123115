import { ConfigurationError, RateLimitError } from "../core/index.ts";
import { MinuteWindow, type Share } from "./minute-window.ts";

/** Options of `limited`. */
export interface LimitOptions {
  /** Calls under way at once. Default: as many as are asked for, until the endpoint refuses one. */
  concurrency?: number | undefined;
  /** Calls begun in any 60 seconds. Default: no limit. */
  requestsPerMinute?: number | undefined;
  /** Tokens of calls begun in any 60 seconds, estimated first and corrected by what they used. Default: no limit. */
  tokensPerMinute?: number | undefined;
}

/** The place of one call that was let in. */
export interface Pass {
  /** How many calls were let in before it. */
  readonly order: number;
  readonly tokens: Share;
}

interface Waiter {
  tokens: number;
  admit: (pass: Pass) => void;
}

/** Longer pauses are left to those who called: one such answer must not hold up everyone for an hour. */
const longestPause = 120;

/** Lets calls in one by one, in the order they came, as the limits and the endpoint's refusals allow. */
export class Gate {
  readonly #waiting = new Set<Waiter>();
  readonly #ceiling: number;
  readonly #requests: MinuteWindow;
  readonly #tokens: MinuteWindow;
  #limit: number;
  #inside = 0;
  #admitted = 0;
  /** Calls let in before this one were let in under the limit that was last cut. */
  #cutAt = 0;
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({
    concurrency = Infinity,
    requestsPerMinute = Infinity,
    tokensPerMinute = Infinity,
  }: LimitOptions) {
    for (const [name, value] of Object.entries({ concurrency, requestsPerMinute, tokensPerMinute })) {
      if (!(value >= 1)) throw new ConfigurationError(`invalid ${name}: ${value}, expected at least 1`);
    }
    this.#ceiling = this.#limit = concurrency;
    this.#requests = new MinuteWindow(requestsPerMinute);
    this.#tokens = new MinuteWindow(tokensPerMinute);
  }

  /** How many calls may be under way at once, as things stand. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Waits for a place. Every pass must be given back by `leave` or `fail`. */
  async enter(tokens: number, signal: AbortSignal | undefined): Promise<Pass> {
    signal?.throwIfAborted();
    return new Promise<Pass>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason as Error);
        this.#advance();
      };
      const waiter: Waiter = {
        tokens,
        admit: (pass) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(pass);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
      this.#advance();
    });
  }

  /** A place at once; or the milliseconds until there may be one, Infinity where only the end of a call gives one. */
  tryEnter(tokens: number): Pass | number {
    const now = performance.now();
    const wait = this.#waiting.size > 0 ? Infinity : this.#waitFor(tokens, now);
    return wait > 0 ? wait : this.#admit(tokens, now);
  }

  /** A call ended well; `tokens` is what it used, where that is known. */
  leave(pass: Pass, tokens: number | undefined): void {
    this.#inside--;
    if (tokens !== undefined && tokens > 0) this.#tokens.correct(pass.tokens, tokens);
    if (this.#limit < this.#ceiling) this.#limit = Math.min(this.#ceiling, this.#limit + 1 / this.#limit);
    this.#advance();
  }

  /** A call failed. */
  fail(pass: Pass, error: unknown): void {
    if (error instanceof RateLimitError) {
      // One crowd of refusals is one piece of news: only calls let in since the last cut tell anything new.
      if (pass.order >= this.#cutAt) {
        this.#limit = Math.max(1, Math.min(this.#limit, this.#inside) / 2);
        this.#cutAt = this.#admitted;
      }
      const { retryAfter } = error;
      if (retryAfter !== undefined && retryAfter <= longestPause)
        this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + retryAfter * 1000);
    }
    this.#inside--;
    this.#advance();
  }

  #advance(): void {
    clearTimeout(this.#timer);
    for (const waiter of this.#waiting) {
      const now = performance.now();
      const wait = this.#waitFor(waiter.tokens, now);
      if (wait > 0) {
        if (wait < Infinity) this.#timer = setTimeout(() => this.#advance(), Math.ceil(wait));
        return;
      }
      this.#waiting.delete(waiter);
      waiter.admit(this.#admit(waiter.tokens, now));
    }
  }

  #waitFor(tokens: number, now: number): number {
    if (this.#inside >= Math.floor(this.#limit)) return Infinity;
    return Math.max(
      this.#pausedUntil - now,
      this.#requests.waitFor(1, now),
      this.#tokens.waitFor(tokens, now),
    );
  }

  #admit(tokens: number, now: number): Pass {
    this.#inside++;
    this.#requests.take(1, now);
    return { order: this.#admitted++, tokens: this.#tokens.take(tokens, now) };
  }
}
