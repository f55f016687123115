/** Options of {@link hedged}. */
export interface HedgeOptions {
  /** Milliseconds until the second attempt. */
  after: number;
  /** Whether a second attempt makes sense, once it is due. */
  worthwhile: () => boolean;
  signal: AbortSignal | undefined;
}

/**
 * Begins a second attempt where the first takes long, and gives what comes first; the other is aborted. An attempt that
 * fails waits for the other, where there is one. Throws what the last of them threw.
 */
export async function hedged<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { after, worthwhile, signal }: HedgeOptions,
): Promise<T> {
  const done = new AbortController();
  const either = signal ? AbortSignal.any([done.signal, signal]) : done.signal;
  const first = attempt(either);
  let timer: NodeJS.Timeout | undefined;
  const second = new Promise<Promise<T> | undefined>((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    timer = setTimeout(() => resolve(worthwhile() ? attempt(either) : undefined), after);
    first.then(settle, settle);
  });
  const other = second.then((promise) => promise ?? first);
  try {
    return await Promise.any([first, other]);
  } catch (error) {
    throw (error as AggregateError).errors.at(-1);
  } finally {
    done.abort();
  }
}
