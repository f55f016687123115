import { createRequire } from "node:module";
import type { LRUCache } from "lru-cache";
import type { CacheStore } from "./cache-store.ts";
import type { LMResponse } from "./request.ts";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Answers kept at most; the least recently used go first. Default 10,000. */
  entries?: number | undefined;
  /** Characters of all answers together at most. Default 100 million. */
  characters?: number | undefined;
}

/** Keeps answers in this process. */
export function memoryStore({ entries = 10_000, characters = 1e8 }: MemoryStoreOptions = {}): CacheStore {
  let cache: LRUCache<string, LMResponse> | undefined;
  const open = () => {
    // On first use, to keep the package's import light.
    const { LRUCache } = createRequire(import.meta.url)("lru-cache") as typeof import("lru-cache");
    return new LRUCache<string, LMResponse>({ max: entries, maxSize: characters, sizeCalculation: sizeOf });
  };
  return {
    get: (key) => cache?.get(key),
    set: (key, response) => {
      (cache ??= open()).set(key, response);
    },
  };
}

/** About how many characters an answer takes as JSON. */
function sizeOf({ choices }: LMResponse): number {
  let size = 500;
  for (const { text, reasoning = "", toolCalls, logprobs = [] } of choices) {
    size += text.length + reasoning.length;
    for (const call of toolCalls) size += call.arguments.length + 100;
    for (const token of logprobs) size += 50 * (token.top.length + 1);
  }
  return size;
}
