import { AsyncLocalStorage } from "node:async_hooks";

/** Lets a bounded number of pieces of work run at once; the others wait in the order they came. */
export class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(places: number) {
    if (!(places >= 1)) throw new RangeError(`invalid number of places: ${places}, expected at least 1`);
    this.#free = places;
  }

  /** Runs `work` as soon as a place is free, in the context of this call. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(AsyncLocalStorage.bind(resolve)));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
