import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beside, dspy, javascriptPeer, names, place, program, run } from "../process.ts";
import type { Row } from "../row.ts";

const documents = 10_000;

/** An answer over documents with a model that answers at once: a query is asked for, searched for, and answered from. */
export const ragAnswer: Row = {
  name: "RAG answer over 10,000 documents, two calls of a model that answers at once",
  unit: "ms",
  measure: (quick) =>
    beside("endpoint", [0], (address) => program("rag-answer", documents, ...sizes(quick), address)),
  peers: [
    {
      name: names.langchain,
      aim: 0.5,
      measure: (quick) =>
        beside("endpoint", [0], (address) =>
          javascriptPeer("langchain", "rag-answer", documents, ...sizes(quick), address),
        ),
    },
    {
      name: names.dspy,
      aim: 0.5,
      measure: async (quick) => {
        const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
        try {
          const vectors = join(folder, "vectors");
          run(process.execPath, [place("peers/write-vectors.mjs"), vectors, String(documents), "query 17"]);
          return await beside("endpoint", [0], (address) =>
            dspy("rag-answer", documents, ...sizes(quick), address, vectors),
          );
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
    },
  ],
};

/** Batches, calls in each, calls to warm up. */
function sizes(quick: boolean): [number, number, number] {
  return [quick ? 5 : 15, 40, 100];
}
