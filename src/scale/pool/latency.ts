/** How much of the average a time replaces that is longer, or shorter, than it. */
const longer = 0.3;
const shorter = 0.1;

/**
 * A moving average of times that takes bad news faster than good, and fades while nothing comes in, so that whoever was
 * slow is tried again some day. After Finagle's peak EWMA
 * (https://twitter.github.io/finagle/guide/Clients.html#load-balancing), which a single long time replaces: a pause of
 * this process would then look like a slow endpoint for seconds. Times are in milliseconds.
 */
export class Latency {
  readonly #memory: number;
  #value: number | undefined;
  #at = 0;

  /** @param memory milliseconds in which it fades to 37 %. */
  constructor(memory: number) {
    this.#memory = memory;
  }

  /** Takes in a time. */
  observe(time: number, now: number): void {
    const before = this.#value;
    const weight = time > (before ?? 0) ? longer : shorter;
    const faded = 1 - Math.exp((this.#at - now) / this.#memory);
    this.#value = before === undefined ? time : before + (time - before) * Math.max(weight, faded);
    this.#at = now;
  }

  /** Puts a longer time in place of the average. */
  raise(time: number, now: number): void {
    this.#value = Math.max(time, this.read(now));
    this.#at = now;
  }

  /** As things stand; 0 where nothing was ever observed. */
  read(now: number): number {
    return (this.#value ?? 0) * Math.exp((this.#at - now) / this.#memory);
  }
}
