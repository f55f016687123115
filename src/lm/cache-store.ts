import type { LMResponse } from "./request.ts";

/** Where answers are kept, by a key of 64 hexadecimal digits. */
export interface CacheStore<T = LMResponse> {
  /** The answer that is kept under a key; undefined where none is. */
  get(key: string): T | undefined | Promise<T | undefined>;
  /** Never fails: what cannot be kept is asked again. */
  set(key: string, answer: T): void | Promise<void>;
}
