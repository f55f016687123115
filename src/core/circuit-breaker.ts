/** When a circuit breaker opens, and for how long. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it. Default 5. */
  failures?: number | undefined;
  /** Seconds it stays open, until one call may try. Default 30. */
  seconds?: number | undefined;
  /** Milliseconds that never run back. Default: the process's clock. */
  now?: (() => number) | undefined;
}

/**
 * Keeps calls away from what fails again and again: open, nobody calls; after a while one call may try, and how that
 * ends decides (Nygard 2007, "Release It!").
 */
export class CircuitBreaker {
  readonly #failures: number;
  readonly #pause: number;
  readonly #now: () => number;
  #failed = 0;
  #openUntil = 0;
  #trying = false;

  constructor({ failures = 5, seconds = 30, now = () => performance.now() }: CircuitBreakerOptions = {}) {
    this.#failures = failures;
    this.#pause = seconds * 1000;
    this.#now = now;
  }

  get state(): "closed" | "open" | "trying" {
    if (this.#failed < this.#failures) return "closed";
    return this.#trying ? "trying" : "open";
  }

  /** Whether a call may be made now. Whoever is told so says afterwards how it ended. */
  allows(): boolean {
    if (this.#failed < this.#failures) return true;
    if (this.#trying || this.#now() < this.#openUntil) return false;
    this.#trying = true;
    return true;
  }

  /** The call ended well. */
  succeed(): void {
    this.#failed = 0;
    this.#trying = false;
  }

  /** The call failed. */
  fail(): void {
    this.#trying = false;
    if (++this.#failed >= this.#failures) this.#openUntil = this.#now() + this.#pause;
  }

  /** The call ended in a way that says nothing: it was given up. */
  forget(): void {
    this.#trying = false;
  }
}
