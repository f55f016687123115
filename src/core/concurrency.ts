import { AsyncLocalStorage } from "node:async_hooks";
import { isThenable } from "./thenable.ts";

/** Options of {@link mapOrdered}. */
export interface MapOptions {
  /** How many items are under way at once; at least 1. */
  concurrency: number;
  /** Stops taking new items; what is under way is left to end, then the signal's reason is thrown. */
  signal?: AbortSignal | undefined;
}

type Outcome<R> = { value: R } | { error: unknown };

/**
 * How far {@link mapOrdered} runs ahead: an item is begun only when fewer than this many before it, in order, still
 * have to be yielded.
 */
export function orderWindow(concurrency: number): number {
  return concurrency * 4;
}

/**
 * Maps `items` with `concurrency` calls under way and yields the results in the order of the items. Items
 * are pulled only as places come free, and results that wait for an earlier one are bounded at four times the
 * concurrency, so that memory stays flat however many items there are and one slow item holds up few others.
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T, index: number) => Promise<R>,
  { concurrency, signal }: MapOptions,
): AsyncGenerator<R, void> {
  if (!(concurrency >= 1)) throw new RangeError(`invalid concurrency: ${concurrency}, expected at least 1`);
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const window = orderWindow(concurrency);
  // A ring, for the window bounds what waits. A Map that is filled and emptied without end leaves a chain of dead
  // tables behind, which keeps results in memory until the next full collection.
  const waiting: (Outcome<R> | undefined)[] = [];
  let next = 0;
  let yielded = 0;
  let running = 0;
  let exhausted = false;
  let pulling = false;
  let failure: { error: unknown } | undefined;
  let wake: () => void = () => undefined;

  const start = (item: T) => {
    const index = next++;
    running++;
    const settle = (outcome: Outcome<R>) => {
      running--;
      waiting[index % window] = outcome;
      fill();
      wake();
    };
    const fail = (error: unknown) => settle({ error });
    try {
      Promise.resolve(work(item, index)).then((value) => settle({ value }), fail);
    } catch (error) {
      // Later, as of a promise: whoever pulls the items is not done with this one yet.
      queueMicrotask(() => fail(error));
    }
  };

  // Work must run in the caller's context, not in that of whichever item freed a place.
  const fill = AsyncLocalStorage.bind(() => {
    while (
      !exhausted &&
      !pulling &&
      !failure &&
      !signal?.aborted &&
      running < concurrency &&
      next - yielded < window
    ) {
      let step: IteratorResult<T> | Promise<IteratorResult<T>>;
      try {
        step = source.next();
      } catch (error) {
        failure = { error };
        return;
      }
      if (isThenable(step)) {
        pulling = true;
        step.then(
          (result) => {
            pulling = false;
            if (result.done) exhausted = true;
            else start(result.value);
            fill();
            wake();
          },
          (error: unknown) => {
            pulling = false;
            failure = { error };
            wake();
          },
        );
      } else if (step.done) exhausted = true;
      else start(step.value);
    }
  });

  const onAbort = () => wake();
  signal?.addEventListener("abort", onAbort);
  try {
    fill();
    for (;;) {
      const outcome = waiting[yielded % window];
      if (outcome) {
        waiting[yielded++ % window] = undefined;
        if ("error" in outcome) throw outcome.error;
        yield outcome.value;
        fill();
      } else if (
        running === 0 &&
        !pulling &&
        (exhausted || failure !== undefined || signal?.aborted === true)
      ) {
        if (failure) throw failure.error;
        if (!exhausted) signal?.throwIfAborted();
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    exhausted = true;
    signal?.removeEventListener("abort", onAbort);
    await source.return?.();
  }
}
