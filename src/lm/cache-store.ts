import type { LMResponse } from "./request.ts";

/** Where answers are kept, by a key of 64 hexadecimal digits. */
export interface CacheStore {
  /** The answer that is kept under a key; undefined where none is. */
  get(key: string): LMResponse | undefined | Promise<LMResponse | undefined>;
  /** Never fails: what cannot be kept is asked again. */
  set(key: string, response: LMResponse): void | Promise<void>;
}
