// Prints the milliseconds of one answer over documents, as the mean of each of some batches. The model is at an
// endpoint that answers at once, and is called twice: for a query, and for the answer.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmframe } from "../package.ts";
import { vectorOf } from "../peers/vectors.mjs";
import { callBatches } from "../peers/call-batches.mjs";

const { Index, lm, RAG } = lmframe;
const [count, ...sizes] = process.argv.slice(2, 6).map(Number) as [number, number, number, number];
const model = lm("lmframe", { baseURL: process.argv[6]!, apiKey: "none", cache: false });
const directory = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
try {
  const embedder = {
    name: "planted",
    identity: "planted",
    embed: async (texts: readonly string[]) => texts.map(vectorOf),
  };
  const index = await Index.create("bench", { directory, embedder });
  const documents = Array.from({ length: count }, (_, i) => ({ id: String(i), text: `document ${i}` }));
  await index.upsert(documents, { groups: ["all"] });
  const rag = new RAG(index, { k: 5, mode: "vector" }).withLM(model);
  const principal = { id: "bench", groups: ["all"] };
  const call = async (i: number) => {
    const { answer, passages } = await rag.call({ question: `What is ${i} + 2?` }, { principal });
    if (answer !== "4" || passages.length !== 5) throw new Error(`invalid answer: ${answer}`);
  };
  console.log(JSON.stringify(await callBatches(call, sizes)));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
