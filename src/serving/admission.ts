import { RequestFailure } from "./failure.ts";

/** How much work is taken on. */
export interface AdmissionLimits {
  /** Requests at work at once. */
  readonly concurrency: number;
  /** Requests that may wait for their turn; the next one is turned away. */
  readonly queue: number;
  /** Seconds a request may wait for its turn, and then as many as it may take. */
  readonly seconds: number;
}

interface Waiting {
  begin(): void;
  give(error: Error): void;
}

/**
 * Lets a bounded number of requests work and a bounded number wait, in the order they came. Whoever comes beyond is
 * turned away at once, with the time after which a place may be free.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #places = new Set<Place>();
  readonly #waiting: Waiting[] = [];
  /** Seconds a request takes, the newest weighing most. */
  #usual = 0.1;
  /** What everybody is told once it has stopped. */
  #stopped: RequestFailure | undefined;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Requests at work. */
  get running(): number {
    return this.#places.size;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Gives a place as soon as one is free.
   *
   * @param left - aborted where the caller has gone.
   * @throws RequestFailure 503 where too many wait, the wait was too long, or no work begins any more.
   */
  async enter(left: AbortSignal): Promise<Place> {
    left.throwIfAborted();
    if (this.#stopped) throw this.#stopped;
    if (this.running < this.#limits.concurrency) return this.#place(left);
    if (this.waiting >= this.#limits.queue) throw this.#busy("too many requests wait already");
    return this.#turn(left);
  }

  /** Ends all work that is still under way and all waiting: none that waits begins any more. */
  stop(): void {
    const failure = new RequestFailure(503, "the server stopped before the request was finished", {
      retryAfter: 1,
    });
    this.#stopped = failure;
    for (const waiting of [...this.#waiting]) waiting.give(failure);
    const reason = new DOMException("the server is stopping", "AbortError");
    for (const place of this.#places) place.abort(reason, failure);
  }

  #turn(left: AbortSignal): Promise<Place> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        left.removeEventListener("abort", leave);
      };
      const give = (error: Error) => {
        end();
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(error);
      };
      const leave = () => give(new DOMException("the caller has gone", "AbortError"));
      const timer = setTimeout(
        () => give(this.#busy("no place came free in time")),
        this.#limits.seconds * 1000,
      );
      left.addEventListener("abort", leave);
      const waiting: Waiting = {
        begin: () => {
          end();
          // Taken here and now, or somebody who comes meanwhile would find it free.
          resolve(this.#place(left));
        },
        give,
      };
      this.#waiting.push(waiting);
    });
  }

  #place(left: AbortSignal): Place {
    const started = performance.now();
    const place = new Place(this.#limits.seconds, left, () => {
      this.#places.delete(place);
      this.#usual += 0.1 * ((performance.now() - started) / 1000 - this.#usual);
      this.#next();
    });
    this.#places.add(place);
    return place;
  }

  /** Begins those that wait, while places are free. */
  #next(): void {
    while (this.running < this.#limits.concurrency && this.waiting > 0) this.#waiting.shift()!.begin();
  }

  #busy(why: string): RequestFailure {
    const seconds = (this.#usual * (this.waiting + 1)) / this.#limits.concurrency;
    return new RequestFailure(503, `the server is busy: ${why}`, {
      retryAfter: Math.max(1, Math.ceil(seconds)),
    });
  }
}

/** A request's place among those at work: held until what it does has truly ended. */
export class Place {
  readonly #controller = new AbortController();
  readonly #release: () => void;
  #told: Error | undefined;
  #busy = false;
  #released = false;

  constructor(seconds: number, left: AbortSignal, release: () => void) {
    const leave = () => this.abort(new DOMException("the caller has gone", "AbortError"));
    left.addEventListener("abort", leave);
    const timer = setTimeout(
      () => this.abort(new DOMException(`took longer than ${seconds} s`, "TimeoutError")),
      seconds * 1000,
    );
    this.#release = () => {
      clearTimeout(timer);
      left.removeEventListener("abort", leave);
      release();
    };
  }

  /**
   * Ends the work, or keeps it from beginning.
   *
   * @param reason - what the work is told.
   * @param told - what {@link run} throws. Default: the same.
   */
  abort(reason: Error, told = reason): void {
    this.#told ??= told;
    this.#controller.abort(reason);
  }

  /**
   * Does the request's work, once, begun before its handler has answered. What ignores its signal is no longer waited for once that is aborted, and keeps its
   * place until it ends.
   */
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#released) throw new Error("the place was given back before its work began");
    const { signal } = this.#controller;
    if (signal.aborted) return Promise.reject(this.#told!);
    this.#busy = true;
    return new Promise<T>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(this.#told!), { once: true });
      work(signal)
        .then(resolve, reject)
        .finally(() => this.#end());
    });
  }

  /** Gives the place back where no work was begun. */
  leave(): void {
    if (!this.#busy) this.#end();
  }

  #end(): void {
    if (this.#released) return;
    this.#released = true;
    this.#release();
  }
}
