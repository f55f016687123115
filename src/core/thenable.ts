/**
 * True for what `await` waits for, also a promise of another realm, as a notebook's cells make. Where it is false, a
 * hot path spares itself the turn.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
