import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CacheStore } from "./cache-store.ts";
import type { LMResponse } from "./request.ts";

/**
 * Keeps answers as files that only this user can read, one a key, under folders of two hexadecimal digits. Several
 * processes may share the directory: a file is written aside and renamed, so nobody reads half of one.
 */
export function diskStore<T = LMResponse>(directory: string): CacheStore<T> {
  const folderOf = (key: string) => join(directory, key.slice(0, 2));
  let warned = false;
  return {
    async get(key) {
      try {
        return JSON.parse(await readFile(join(folderOf(key), `${key}.json`), "utf8")) as T;
      } catch {
        // Not there, or spoilt: asked again, and then written anew.
        return undefined;
      }
    },
    async set(key, answer) {
      const folder = folderOf(key);
      const aside = join(folder, `.${key}.${randomUUID()}`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(aside, JSON.stringify(answer), { mode: 0o600 });
        await rename(aside, join(folder, `${key}.json`));
      } catch (error) {
        await rm(aside, { force: true }).catch(() => undefined);
        if (!warned) process.emitWarning(`the cache on disk cannot be written: ${(error as Error).message}`);
        warned = true;
      }
    },
  };
}
