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
export function memoryStore(options: MemoryStoreOptions = {}): CacheStore {
  return boundedStore(options, sizeOf);
}

/** {@link memoryStore} for answers of any kind, which take about `sizeOf` characters. */
export function boundedStore<T extends object | string>(
  { entries = 10_000, characters = 1e8 }: MemoryStoreOptions,
  sizeOf: (answer: T) => number,
): CacheStore<T> {
  let cache: LRUCache<string, T> | undefined;
  const open = () => {
    // On first use, to keep the package's import light.
    const { LRUCache } = createRequire(import.meta.url)("lru-cache") as typeof import("lru-cache");
    return new LRUCache<string, T>({ max: entries, maxSize: characters, sizeCalculation: sizeOf });
  };
  return {
    get: (key) => cache?.get(key),
    set: (key, answer) => {
      (cache ??= open()).set(key, answer);
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
