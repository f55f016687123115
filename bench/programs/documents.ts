// Indexes so many documents and searches them: prints seconds to index, milliseconds of a query (the median), and the
// share of the ten nearest that were not found. Making the vectors is left out of the time.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmframe } from "../package.ts";
import { dimension, vectorOf } from "../peers/vectors.mjs";
import { median } from "../row.ts";

const { Index } = lmframe;
const [count, queries] = process.argv.slice(2).map(Number) as [number, number];
const k = 10;
const principal = { id: "bench", groups: ["all"] };
let embedding = 0;
const embedder = {
  name: "planted",
  identity: "planted",
  embed: async (texts: readonly string[]) => {
    const started = performance.now();
    const vectors = texts.map(vectorOf);
    embedding += performance.now() - started;
    return vectors;
  },
};

function* documents() {
  for (let i = 0; i < count; i++) yield { id: String(i), text: `document ${i}` };
}

/** The ten nearest of each query, by comparing it with all. */
function nearest(texts: readonly string[]): Set<string>[] {
  const wanted = texts.map((text) => ({
    vector: vectorOf(text),
    best: [] as { id: string; score: number }[],
  }));
  for (const { id, text } of documents()) {
    const vector = vectorOf(text);
    for (const { vector: query, best } of wanted) {
      let score = 0;
      for (let i = 0; i < dimension; i++) score += vector[i]! * query[i]!;
      if (best.length === k && score <= best[k - 1]!.score) continue;
      best.push({ id, score });
      best.sort((a, b) => b.score - a.score);
      best.length = Math.min(best.length, k);
    }
  }
  return wanted.map(({ best }) => new Set(best.map(({ id }) => id)));
}

const directory = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
try {
  // LanceDB is read from disk on first use, which takes seconds where the system does not have it in memory.
  const other = await Index.create("other", { directory, embedder });
  await other.upsert([{ id: "0", text: "document 0" }], { groups: ["all"] });
  const index = await Index.create("bench", { directory, embedder });
  embedding = 0;
  const started = performance.now();
  await index.upsert(documents(), { groups: ["all"] });
  const seconds = (performance.now() - started - embedding) / 1000;

  const texts = Array.from({ length: queries }, (_, i) => `query ${i}`);
  const search = (text: string) => index.search(text, { k, mode: "vector", principal });
  for (const text of texts.slice(0, 10)) await search(text);
  const times: number[] = [];
  const found: string[][] = [];
  for (const text of texts) {
    embedding = 0;
    const asked = performance.now();
    const passages = await search(text);
    times.push(performance.now() - asked - embedding);
    found.push(passages.map(({ id }) => id));
  }
  const hits = nearest(texts).map((best, i) => found[i]!.filter((id) => best.has(id)).length / best.size);
  const recall = hits.reduce((sum, share) => sum + share, 0) / hits.length;
  console.log(JSON.stringify([seconds, median(times), 1 - recall]));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
