import type { Document } from "../../src/retrieval/index.ts";

const entry = (at: number, words: string): Document => ({
  id: `entry ${at}`,
  text: `engine ${at} ${words}`,
  fields: { at },
});

/** What an index holds before a change. */
export const firstState: readonly Document[] = Array.from({ length: 700 }, (_, at) => entry(at, "rough"));

/** After it: 100 are gone, 200 have other texts, 100 other fields, 300 stay and 900 are new. */
export const nextState: readonly Document[] = Array.from({ length: 1500 }, (_, place) => {
  const at = place + 100;
  if (at < 300) return entry(at, "mended");
  return at < 400 ? { ...entry(at, "rough"), fields: { at, checked: true } } : entry(at, "rough");
});
