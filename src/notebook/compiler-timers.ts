/** The part of the compiler's system in which it puts off work. */
export interface Timers {
  setTimeout(callback: () => void): unknown;
  clearTimeout(timer: unknown): void;
}

/**
 * A system in which any number of timers may wait. tslab runs what the compiler put off when it needs it, at the
 * next cell, and throws where two timers wait at once; but a file that appears beside the notebook sets one too.
 */
export function withTimers<S extends Timers>(system: S): S {
  const waiting = new Set<{ readonly callback: () => void }>();
  let held: unknown;
  const runAll = () => {
    // A callback may set and clear timers of its own.
    for (const timer of waiting) {
      waiting.delete(timer);
      timer.callback();
    }
    held = undefined;
  };
  return Object.assign(Object.create(system) as S, {
    setTimeout(callback: () => void): unknown {
      const timer = { callback };
      waiting.add(timer);
      held ??= system.setTimeout(runAll);
      return timer;
    },
    clearTimeout(timer: unknown): void {
      waiting.delete(timer as { readonly callback: () => void });
    },
  });
}
