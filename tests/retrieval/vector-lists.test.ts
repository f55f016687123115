import { expect, test } from "vitest";
import { random } from "../../src/core/index.ts";
import { Index } from "../../src/retrieval/index.ts";
import { lance } from "../../src/retrieval/store/lance.ts";
import { type Hit, PartitionReader } from "../../src/retrieval/store/partition-reader.ts";
import { PartitionWriter } from "../../src/retrieval/store/partition-writer.ts";
import { refreshIndexes } from "../../src/retrieval/store/table-indexes.ts";
import { indexFolder } from "./index-folder.ts";

const directory = indexFolder();
const groups = ["mechanics"];
const dimension = 64;
const count = 6000;
const draw = random(5);

function drawn(): Float32Array {
  const numbers = Float32Array.from({ length: dimension }, () => draw.next() - 0.5);
  const length = Math.hypot(...numbers);
  return numbers.map((number) => number / length);
}

/** A partition of its own with these vectors, whose documents have their place as a field. */
async function partition(name: string, vectors: readonly Float32Array[], exactBytes?: number) {
  const database = await lance().db.connect(`${directory}/${name}`);
  const writer = await PartitionWriter.open(lance(), database, groups, undefined);
  const rows = vectors.map((vector, place) => {
    const keys = { textKey: "", extraKey: "" };
    const source = {};
    return { id: `${place}`, text: "", vector, fields: { place }, source, extra: `{"fields":{}}`, ...keys };
  });
  await writer.put(rows, []);
  const entry = await writer.publish();
  const table = await database.openTable(entry.table);
  if (exactBytes !== undefined) {
    await table.dropIndex("vector_idx");
    await refreshIndexes(lance(), table, vectors.length, exactBytes);
  }
  const index = await table.indexStats("vector_idx");
  return { reader: new PartitionReader(lance(), table, entry), kind: index?.indexType };
}

function nearest(vectors: readonly Float32Array[], query: Float32Array, keep: (place: number) => boolean) {
  const near = vectors.map((vector, place) => ({
    place,
    score: vector.reduce((sum, number, at) => sum + number * query[at]!, 0),
  }));
  return near
    .filter(({ place }) => keep(place))
    .sort((a, b) => b.score - a.score)
    .slice(0, 10)
    .map(({ place }) => `${place}`);
}

/** The share of the ten nearest of 20 queries that are found, all scored by their cosine. */
async function recall(reader: PartitionReader, vectors: readonly Float32Array[], every = 1) {
  let hits = 0;
  for (let i = 0; i < 20; i++) {
    const query = drawn();
    const where = every === 1 ? "" : `CAST(f0 AS BIGINT) % ${every} = 3`;
    const found: Hit[] = await reader.nearest(query, { limit: 10, where });
    expect(found).toHaveLength(10);
    const wanted = nearest(vectors, query, (place) => every === 1 || place % every === 3);
    hits += found.filter(({ id }) => wanted.includes(id)).length;
  }
  return hits / 200;
}

test("few vectors are all compared from an index, and the nearest found", { timeout: 120_000 }, async () => {
  const vectors = Array.from({ length: count }, drawn);
  const { reader, kind } = await partition("few", vectors);
  expect(kind).toBe("IVF_FLAT");
  expect(await recall(reader, vectors)).toBe(1);
  expect(await recall(reader, vectors, 500)).toBe(1);
});

test("many are found by codes, behind a narrow filter too", { timeout: 120_000 }, async () => {
  const vectors = Array.from({ length: count }, drawn);
  const { reader, kind } = await partition("many", vectors, 1000);
  expect(kind).toBe("IVF_RQ");
  // Vectors without any order are the hardest to divide.
  expect(await recall(reader, vectors)).toBeGreaterThan(0.9);
  expect(await recall(reader, vectors, 500)).toBe(1);
});

test("vectors that have no direction need no index", { timeout: 120_000 }, async () => {
  const zeros = Array.from({ length: 600 }, () => new Float32Array(dimension));
  const nothing = await partition("zeros", zeros);
  expect(nothing.kind).toBeUndefined();
  expect(await nothing.reader.nearest(drawn(), { limit: 10, where: "" })).toEqual([]);
  const [one, some] = [drawn(), drawn()];
  const { reader } = await partition("one", [...zeros.slice(1), one]);
  expect((await reader.nearest(some, { limit: 10, where: "" })).map(({ id }) => id)).toEqual(["599"]);
});

test("what was put after the index was made is found with the rest", { timeout: 120_000 }, async () => {
  const vectors = new Map<string, Float32Array>();
  const vectorOf = (text: string) => {
    if (!vectors.has(text)) vectors.set(text, drawn());
    return vectors.get(text)!;
  };
  const embed = async (texts: readonly string[]) => texts.map(vectorOf);
  const index = await Index.create("late", {
    directory,
    embedder: { name: "drawn", identity: "drawn", embed },
  });
  const documents = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => ({ id: `${from + at}`, text: `t${from + at}` }));
  await index.upsert(documents(0, 1000), { groups });
  await index.upsert(documents(1000, 1020), { groups });
  await index.upsert([{ id: "7", text: "anew" }], { groups });
  const principal = { id: "ana", groups };
  for (const text of ["t3", "t1010", "anew"]) {
    const [first] = await index.search(text, { principal, mode: "vector", k: 3 });
    expect(first).toMatchObject({ text });
    expect(first!.score).toBeCloseTo(1, 5);
  }
  const [other] = await index.search("t7", { principal, mode: "vector", k: 3 });
  expect(other!.text).not.toBe("t7");
});
