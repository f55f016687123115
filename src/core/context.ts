import { AsyncLocalStorage } from "node:async_hooks";
import type { Channel } from "node:diagnostics_channel";

/** A value in force, and what is in force outside of it. */
interface Frame {
  readonly variable: object;
  readonly value: unknown;
  readonly outer: Frame | undefined;
}

/** One for all variables, as Node carries each storage through every promise on its own. */
const storage = new AsyncLocalStorage<Frame>();

/**
 * A value for everything that runs inside {@link ContextVariable.run}, across its awaits. Calls that run side by side
 * never see each other's.
 */
export class ContextVariable<T> {
  /** The value of the innermost `run` here; undefined outside of all. */
  get(): T | undefined {
    for (let frame = storage.getStore(); frame; frame = frame.outer) {
      if (frame.variable === this) return frame.value as T;
    }
    return undefined;
  }

  /** Runs `body` with `value` in force. */
  run<R>(value: T, body: () => R): R {
    return storage.run(this.#frame(value), body);
  }

  /** Puts what `runStores` of a channel is given in force for what it runs. */
  bindTo(channel: Channel<unknown, T>): void {
    channel.bindStore(storage, (value) => this.#frame(value));
  }

  #frame(value: T): Frame {
    return { variable: this, value, outer: storage.getStore() };
  }
}
