import { beforeAll, describe, expect, test } from "vitest";
import { listen, random, type Span } from "../../src/core/index.ts";
import { withCallSettings } from "../../src/modules/index.ts";
import { type Document, Index } from "../../src/retrieval/index.ts";
import { fuseRanks } from "../../src/retrieval/store/fuse.ts";
import { hashingEmbedder } from "./hashing-embedder.ts";
import { indexFolder } from "./index-folder.ts";

const directory = indexFolder();
const groups = ["mechanics"];
const principal = { id: "ana", groups };

const entry = (id: string, text: string): Document => ({ id, text });

describe("modes", () => {
  const embedder = hashingEmbedder();
  let index: Index;
  beforeAll(async () => {
    index = await Index.create("modes", { directory, embedder });
    await index.upsert(
      [
        entry("1", "L/H ENGINE RUNS ROUGH ON T/O"),
        entry("2", "R/H ENGINE RUNS ROUGH ON CLIMB"),
        entry("3", "REPLACED GASKET P/N AN3-5A"),
        entry("4", "REPLACED GASKET P/N AN3-7A"),
        entry("5", "FUEL PUMP WILL NOT SHUT OFF"),
        entry("6", "FUEL PUMP NOISY IN CRUISE"),
        entry("7", "Café door leaks; leaking since Übergabe"),
        entry("8", ""),
      ],
      { groups },
    );
  });
  const ids = async (query: string, mode: "vector" | "text" | "hybrid", k = 8) =>
    (await index.search(query, { principal, mode, k })).map(({ id }) => id);

  test("vector: by cosine, which is the score", async () => {
    const found = await index.search("fuel pump noisy in cruise", { principal, mode: "vector", k: 8 });
    expect(found[0]).toMatchObject({ id: "6" });
    expect(found[0]!.similarity).toBeCloseTo(1, 6);
    for (const { score, similarity } of found) expect(score).toBe(similarity);
    const [asked] = await embedder.embed(["fuel pump noisy in cruise"]);
    const [second] = await embedder.embed([found[1]!.text]);
    const cosine = asked!.reduce((sum, number, at) => sum + number * second![at]!, 0);
    expect(found[1]!.similarity).toBeCloseTo(cosine, 6);
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    // What holds nothing to embed is near to nothing.
    expect(found.map(({ id }) => id)).not.toContain("8");
  });

  test("text: shorthand, part numbers and words that decide survive; nothing is embedded", async () => {
    embedder.asked.length = 0;
    expect(await ids("l/h engine", "text", 1)).toEqual(["1"]);
    expect(await ids("R/H engine", "text", 1)).toEqual(["2"]);
    expect(await ids("AN3-5A", "text", 1)).toEqual(["3"]);
    expect(await ids("an3-7a", "text", 1)).toEqual(["4"]);
    expect(await ids("pump that is not off", "text", 1)).toEqual(["5"]);
    expect(await ids("t/o", "text", 1)).toEqual(["1"]);
    const [found] = await index.search("cafe leak ubergabe", { principal, mode: "text" });
    expect(found).toMatchObject({ id: "7" });
    expect(found).not.toHaveProperty("similarity");
    expect(embedder.asked).toEqual([]);
  });

  test("text: stop words and signs alone find nothing", async () => {
    for (const query of ["", "the of and is", "?!", "()", "   "])
      expect(await ids(query, "text")).toEqual([]);
  });

  test.each([
    '+fuel -"pump"',
    "fuel* AND NOT pump~2",
    'text:"fuel"',
    "fuel) OR (1=1",
    "' OR 1=1 --",
    "{fuel}[pump]",
  ])("the query %j is words, not operators", async (query) => {
    const words = query.match(/[a-z0-9]+/gi)!.join(" ");
    for (const mode of ["text", "vector", "hybrid"] as const) {
      expect(await index.search(query, { principal, mode })).toEqual(
        await index.search(words, { principal, mode }),
      );
    }
  });

  test("hybrid: both rankings fused, and every passage has its similarity", async () => {
    const query = "gasket an3-7a";
    const ranking = async (mode: "vector" | "text") =>
      (await index.search(query, { principal, mode, k: 100 })).map(({ id, text }) => ({ key: id, text }));
    const fused = fuseRanks(query, await ranking("vector"), await ranking("text"));
    const found = await index.search(query, { principal, k: 8 });
    for (const { id, score, similarity } of found) {
      expect(score).toBeCloseTo(fused.get(id)!, 12);
      expect(similarity).toBeTypeOf("number");
    }
    expect(found[0]!.id).toBe("4");
    const byVector = await index.search(query, { principal, mode: "vector", k: 8 });
    for (const { id, similarity } of byVector) {
      expect(found.find((each) => each.id === id)!.similarity).toBe(similarity);
    }
  });

  test("k bounds what comes, and a query without words is compared by nothing", async () => {
    expect(await ids("fuel pump", "hybrid", 2)).toHaveLength(2);
    expect(await ids("", "hybrid")).toEqual([]);
    const defaults = await index.search("fuel pump engine gasket", { principal });
    expect(defaults).toHaveLength(5);
  });

  test.each([
    [{ k: 0 }, /invalid k: 0/],
    [{ k: 1.5 }, /invalid k: 1.5/],
    [{ mode: "vectr" as never }, /did you mean "vector"/],
  ])("%j is no search", async (options, message) => {
    await expect(index.search("x", { principal, ...options })).rejects.toThrow(message);
  });

  test("a search is heard of, with what it was asked and on whose behalf", async () => {
    const spans: Span[] = [];
    const leave = listen({ end: (span) => void spans.push(span) }, ["retriever"]);
    const found = await index.search("fuel", { principal, k: 1, mode: "text" });
    leave();
    expect(spans).toMatchObject([
      { name: "modes", inputs: { query: "fuel", k: 1, mode: "text", filter: {} }, result: found },
    ]);
    expect(spans[0]!.attributes.principal).toBe("ana");
  });

  test("a signal stops a search", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(index.search("fuel", { principal, signal })).rejects.toThrow("enough");
    const inside = withCallSettings({ signal, principal }, () => index.search("fuel"));
    await expect(inside).rejects.toThrow("enough");
  });
});

test("of passages that are equal, those come that their ids put first, always", async () => {
  const index = await Index.create("equal", { directory, embedder: hashingEmbedder() });
  const list = Array.from({ length: 300 }, (_, at) =>
    entry(`e${String(at).padStart(3, "0")}`, "rough engine"),
  );
  const shuffled = random(3).shuffle(list);
  for (let start = 0; start < 300; start += 60) {
    await index.upsert(shuffled.slice(start, start + 60), { groups });
  }
  for (const mode of ["vector", "text", "hybrid"] as const) {
    const found = await index.search("engine", { principal, mode, k: 3 });
    expect(found.map(({ id }) => id)).toEqual(["e000", "e001", "e002"]);
  }
});

test("words are those of the text and of the fields; the vector is that of the text", async () => {
  const embedder = hashingEmbedder();
  const index = await Index.create("fields", { directory, embedder });
  const of = (id: string, aircraft: string, part: number): Document => ({
    id,
    text: "rough engine",
    fields: { aircraft, part, checked: true },
  });
  await index.upsert([of("1", "QL-OAK", 100798), of("2", "QL-DOR", 100799)], { groups });
  expect(embedder.asked).toEqual(["rough engine", "rough engine"]);
  for (const mode of ["text", "hybrid"] as const) {
    const ids = async (query: string) =>
      (await index.search(query, { principal, mode, k: 1 })).map(({ id }) => id);
    expect(await ids("rough engine on ql-dor")).toEqual(["2"]);
    expect(await ids("100799")).toEqual(["2"]);
  }
  // A field's words follow where it is changed alone.
  await index.upsert([of("1", "QL-ELM", 100798)], { groups });
  const found = await index.search("elm oak", { principal, mode: "text" });
  expect(found.map(({ id }) => id)).toEqual(["1"]);
  expect(await index.search("oak", { principal, mode: "text" })).toEqual([]);
  expect(await index.search("true", { principal, mode: "text" })).toEqual([]);
});

test("passages of several sets of groups are one list, by score", async () => {
  const index = await Index.create("several", { directory, embedder: hashingEmbedder() });
  await index.upsert([entry("a", "rough engine"), entry("same", "left tyre flat")], { groups });
  await index.upsert([entry("b", "engine"), entry("same", "right tyre flat")], { groups: ["pilots"] });
  const who = { id: "bo", groups: ["pilots", "mechanics"] };
  const found = await index.search("engine", { principal: who, mode: "vector", k: 2 });
  expect(found.map(({ id }) => id)).toEqual(["b", "a"]);
  const tyres = await index.search("tyre flat", { principal: who, k: 2 });
  expect(tyres.map(({ text }) => text).sort()).toEqual(["left tyre flat", "right tyre flat"]);
});

test("words are found right after a small change of a large partition, and deleted ones no longer", async () => {
  const index = await Index.create("large", { directory, embedder: hashingEmbedder("hashing", 4) });
  const many = Array.from({ length: 21_000 }, (_, at) => entry(`${at}`, `entry ${at}`));
  await index.sync(many, { groups });
  await index.upsert([entry("new", "zebra"), entry("7", "okapi")], { groups });
  await index.delete(["8"], { groups });
  const ids = async (query: string) =>
    (await index.search(query, { principal, mode: "text", k: 3 })).map(({ id }) => id);
  expect(await ids("zebra")).toEqual(["new"]);
  expect(await ids("okapi")).toEqual(["7"]);
  expect(await ids("8")).toEqual([]);
  expect(await ids("9")).toEqual(["9"]);
});

test("ranks are fused by their reciprocals, those of words by how many of the query's words they hold", () => {
  const pump = { key: "pump", text: "FUEL PUMP LEAKING" };
  const leak = { key: "leak", text: "CABIN LEAK" };
  const tyre = { key: "tyre", text: "TYRE WORN" };
  const scores = fuseRanks("the fuel pump leaks", [tyre, pump], [pump, leak]);
  expect(scores.get("tyre")).toBe(1 / 61);
  expect(scores.get("pump")).toBe(1 / 62 + 16 / 61);
  expect(scores.get("leak")).toBeCloseTo((2 / 3) ** 4 / 62, 15);
});

test("importing the room loads no LanceDB", async () => {
  const { inSecondProcess } = await import("../support/second-process.ts");
  const room = new URL("../../src/retrieval/store/index.ts", import.meta.url).href;
  const loaded = await inSecondProcess<string[]>(`
    import { createRequire } from "node:module";
    await import(${JSON.stringify(room)});
    const { cache } = createRequire(import.meta.url);
    console.log(JSON.stringify(Object.keys(cache).filter((file) => /lancedb|apache-arrow/.test(file))));`);
  expect(loaded).toEqual([]);
});
