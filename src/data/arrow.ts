import { createRequire } from "node:module";

/** The module of apache-arrow. */
export type Arrow = typeof import("apache-arrow");

let loaded: Arrow | undefined;

/**
 * apache-arrow, loaded on first use: it takes longer to load than the rest of lmframe together. By `require`,
 * because a notebook's cells do so too, and so hold the same copy of its classes.
 */
export function arrow(): Arrow {
  loaded ??= createRequire(import.meta.url)("apache-arrow") as Arrow;
  return loaded;
}
