// What finds the right entries of a logbook, and how fast: `npm run bench -- embedders`. Writes the table in README.md.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Document, Embedder } from "../src/index.ts";
import { lmframe } from "./package.ts";

const { Dataset, Index, sentenceEmbedder, tableDocuments, wordEmbedder } = lmframe;
const place = (path: string) => new URL(path, import.meta.url);
const k = 10;

interface Query {
  text: string;
  relevant: ReadonlySet<string>;
  /** Never to be found: the query itself, and entries in the same words. */
  hidden?: ReadonlySet<string>;
}

/** Documents, queries about them, and the columns of the table that they fill. */
interface Collection {
  documents: readonly Document[];
  queries: ReadonlyMap<string, readonly Query[]>;
  score: (found: readonly string[], relevant: ReadonlySet<string>) => number;
}

/** Finds the ids of documents, best first; at least `count` where there are as many. */
type Search = (query: string, count: number) => Promise<readonly string[]>;

interface Contender {
  name: string;
  prepare(documents: readonly Document[]): Promise<Search>;
}

/** The project's own logbook and questions: recall@10, apart for questions that share words with their entries. */
async function ownLogbook(): Promise<Collection> {
  const rows = await Dataset.read(place("../datasets/logbook.csv").pathname);
  const questions = (await Dataset.read(place("../datasets/logbook_questions.csv").pathname)).rows();
  const about = (overlap: string) =>
    questions
      .filter((row) => row.overlap === overlap)
      .map((row) => ({ text: String(row.question), relevant: new Set(String(row.relevant).split(";")) }));
  return {
    documents: [...tableDocuments(rows, { text: "problem", id: "id" })],
    queries: new Map([
      ["recall@10, words shared", about("words")],
      ["recall@10, none shared", about("none")],
    ]),
    score: (found, relevant) => found.filter((id) => relevant.has(id)).length / relevant.size,
  };
}

/**
 * A real logbook, where it is: hit@10 of 500 entries, each a query for entries in other words that led to the same
 * action. In capitals as it stands, and in small letters, as a question comes.
 */
async function realLogbook(): Promise<Collection | undefined> {
  const { pathname } = place("../../shared/data/maintenance_logbook.csv");
  if (!existsSync(pathname)) return undefined;
  const rows = await Dataset.read(pathname);
  const documents = [...tableDocuments(rows, { text: "problem", id: "ident" })];
  const plain = (text: unknown) => words(String(text)).join(" ");
  const byAction = grouped(documents, ({ fields }) => plain(fields?.action));
  const byProblem = grouped(documents, ({ text }) => plain(text));
  const ids = (entries: readonly Document[] = []) => new Set(entries.map(({ id }) => id));
  const queries = tableDocuments(rows.sample(rows.length, { seed: 7 }), { text: "problem", id: "ident" });
  const asked: Query[] = [];
  for (const { text, fields } of queries) {
    const hidden = ids(byProblem.get(plain(text)));
    const relevant = ids(byAction.get(plain(fields?.action)));
    for (const id of hidden) relevant.delete(id);
    if (relevant.size > 0) asked.push({ text, relevant, hidden });
    if (asked.length === 500) break;
  }
  return {
    documents,
    queries: new Map([
      ["hit@10, real logbook", asked],
      ["the same, small letters", asked.map((query) => ({ ...query, text: query.text.toLowerCase() }))],
    ]),
    score: (found, relevant) => Number(found.some((id) => relevant.has(id))),
  };
}

function grouped(
  documents: readonly Document[],
  key: (document: Document) => string,
): Map<string, Document[]> {
  const groups = new Map<string, Document[]>();
  for (const document of documents)
    groups.set(key(document), [...(groups.get(key(document)) ?? []), document]);
  return groups;
}

const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** The best documents by a score of each. */
function best(documents: readonly Document[], scores: readonly number[], count: number): string[] {
  const order = scores.map((_, index) => index).sort((a, b) => scores[b]! - scores[a]!);
  return order.slice(0, count).map((index) => documents[index]!.id);
}

function byVectors(embedder: Embedder): Contender {
  return {
    name: embedder.name,
    async prepare(documents) {
      const vectors = await embedder.embed(documents.map(({ text }) => text));
      return async (query, count) => {
        const [asked] = await embedder.embed([query]);
        const cosine = (vector: Float32Array) =>
          vector.reduce((sum, value, index) => sum + value * asked![index]!, 0);
        return best(documents, vectors.map(cosine), count);
      };
    },
  };
}

/** Words weighed by how rare they are, over all documents alike: TF-IDF with cosine, or BM25 (k1 1.2, b 0.75). */
function byWords(name: "TF-IDF" | "BM25"): Contender {
  return {
    name,
    async prepare(documents) {
      const counts = documents.map(({ text }) => countsOf(text));
      const holding = new Map<string, number>();
      for (const count of counts)
        for (const word of count.keys()) holding.set(word, (holding.get(word) ?? 0) + 1);
      const size = (count: ReadonlyMap<string, number>) => [...count.values()].reduce((sum, n) => sum + n, 0);
      const average = counts.reduce((sum, count) => sum + size(count), 0) / counts.length;
      const rarity = (word: string) => {
        const held = holding.get(word) ?? 0;
        return name === "BM25"
          ? Math.log(1 + (counts.length - held + 0.5) / (held + 0.5))
          : Math.log((1 + counts.length) / (1 + held)) + 1;
      };
      const norm = (count: ReadonlyMap<string, number>) =>
        Math.sqrt([...count].reduce((sum, [word, n]) => sum + (n * rarity(word)) ** 2, 0)) || 1;
      const scales = counts.map((count) =>
        name === "BM25" ? 1.2 * (0.25 + (0.75 * size(count)) / average) : norm(count),
      );
      return async (query, wanted) => {
        const asked = [...countsOf(query)].map(([word, n]) => [word, n, rarity(word)] as const);
        const scores = counts.map((count, index) =>
          asked.reduce((sum, [word, n, weight]) => {
            const held = count.get(word);
            if (!held) return sum;
            return name === "BM25"
              ? sum + (weight * held * 2.2) / (held + scales[index]!)
              : sum + (n * held * weight ** 2) / scales[index]!;
          }, 0),
        );
        return best(documents, scores, wanted);
      };
    },
  };
}

function countsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** The index as its users have it: meaning and words, with all it writes. */
function byIndex(directory: string): Contender {
  return {
    name: "Index, hybrid",
    async prepare(documents) {
      const index = await Index.create(`of-${documents.length}`, { directory });
      await index.upsert(documents, { groups: ["bench"] });
      const principal = { id: "bench", groups: ["bench"] };
      return async (query, count) =>
        (await index.search(query, { principal, k: count, mode: "hybrid" })).map(({ id }) => id);
    },
  };
}

async function measure(contender: Contender, collections: readonly Collection[]): Promise<string[]> {
  process.stderr.write(`bench: ${contender.name}…\n`);
  const cells: string[] = [];
  let [texts, seconds] = [0, 0];
  for (const { documents, queries, score } of collections) {
    await contender.prepare(documents.slice(0, 20)).catch(() => undefined); // what loads on use is loaded now
    const started = performance.now();
    const search = await contender.prepare(documents);
    seconds += (performance.now() - started) / 1000;
    texts += documents.length;
    for (const asked of queries.values()) {
      let sum = 0;
      for (const { text, relevant, hidden } of asked) {
        const found = await search(text, k + (hidden?.size ?? 0));
        sum += score(found.filter((id) => !hidden?.has(id)).slice(0, k), relevant);
      }
      cells.push((sum / asked.length).toFixed(3));
    }
  }
  return [contender.name, ...cells, (texts / seconds).toPrecision(2)];
}

/** Measures everything that finds documents, writes the table into README.md, and prints it. */
export async function compareEmbedders(conditions: string): Promise<void> {
  const collections = [await ownLogbook(), await realLogbook()].filter((found) => found !== undefined);
  const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
  const contenders = [
    ...[byVectors(sentenceEmbedder()), byVectors(wordEmbedder())],
    ...[byWords("TF-IDF"), byWords("BM25"), byIndex(folder)],
  ];
  const rows: string[][] = [];
  try {
    for (const contender of contenders) rows.push(await measure(contender, collections));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const header = ["", ...collections.flatMap(({ queries }) => [...queries.keys()]), "texts/s"];
  const table = [header, header.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
  const readme = readFileSync(place("README.md"), "utf8");
  writeFileSync(
    place("README.md"),
    readme.replace(
      /(<!-- embedders -->\n)[^]*(\n<!-- \/embedders -->)/,
      (_, start: string, end: string) => `${start}\n${table}\n\n${conditions}\n${end}`,
    ),
  );
  console.log(table);
}
