import { ContextVariable } from "./context.ts";

/**
 * One setting: a default for the process, and a value for everything that runs inside {@link Setting.run}.
 * Calls that run side by side never see each other's value.
 */
export interface Setting<T> {
  /** The value here: that of the innermost `run`, else the process default. */
  get(): T;
  /** Sets the process default. */
  set(value: T): void;
  /** Runs `body` with `value` in force, across its awaits. */
  run<R>(value: T, body: () => R): R;
}

/** Makes a setting with a default for the process. */
export function setting<T>(initial: T): Setting<T> {
  const scope = new ContextVariable<{ value: T }>();
  let fallback = initial;
  return {
    get: () => {
      const scoped = scope.get();
      return scoped === undefined ? fallback : scoped.value;
    },
    set: (value) => {
      fallback = value;
    },
    run: (value, body) => scope.run({ value }, body),
  };
}
