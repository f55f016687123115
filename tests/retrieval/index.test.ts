import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { ConfigurationError, DataError, TooLongError } from "../../src/core/index.ts";
import { type Document, Index } from "../../src/retrieval/index.ts";
import { startProcess } from "../support/second-process.ts";
import { hashingEmbedder, type HashingEmbedder } from "./hashing-embedder.ts";
import { indexFolder } from "./index-folder.ts";

const directory = indexFolder();
const groups = ["mechanics"];
const principal = { id: "ana", groups };
let embedder: HashingEmbedder;
let index: Index;
let name: string;
let made = 0;

beforeEach(async () => {
  embedder = hashingEmbedder();
  name = `index-${++made}`;
  index = await Index.create(name, { directory, embedder });
});

const documents = (count: number): Document[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `entry ${at}`,
    text: `engine ${at} runs rough`,
    source: { file: "logbook.csv", row: at + 1 },
    fields: { component: at % 2 === 0 ? "engine" : "propeller", hours: at },
  }));

/** What a principal sees, by id. */
async function seen(of: Index = index, who = principal): Promise<Record<string, string>> {
  const passages = await of.search("engine runs rough", { principal: who, k: 5000, mode: "vector" });
  return Object.fromEntries(passages.map(({ id, text }) => [id, text]).sort());
}

const textsOf = (list: readonly Document[]) =>
  Object.fromEntries(list.map(({ id, text }) => [id, text]).sort());

describe("changes", () => {
  test("a second sync of the same documents embeds nothing and changes nothing", async () => {
    const list = documents(1200);
    const first = await index.sync(list, { groups });
    expect(first).toMatchObject({
      added: 1200,
      updated: 0,
      deleted: 0,
      unchanged: 0,
      embedded: 1200,
      failed: 0,
    });
    embedder.asked.length = 0;
    const manifest = readFileSync(join(directory, name, "index.json"), "utf8");

    const second = await index.sync(list, { groups });
    expect(second).toMatchObject({ added: 0, updated: 0, deleted: 0, unchanged: 1200, embedded: 0 });
    expect(embedder.asked).toEqual([]);
    expect(readFileSync(join(directory, name, "index.json"), "utf8")).toBe(manifest);
  });

  test("a sync embeds the texts that are new or changed alone, and deletes what is gone", async () => {
    await index.sync(documents(20), { groups });
    embedder.asked.length = 0;
    const next = documents(22)
      .slice(3)
      .map((document, at) => (at < 2 ? { ...document, text: `propeller ${at} vibrates` } : document));

    const change = await index.sync(next, { groups });
    expect(change).toMatchObject({ added: 2, updated: 2, deleted: 3, unchanged: 15, embedded: 4 });
    expect(embedder.asked.sort()).toEqual(
      ["propeller 0 vibrates", "propeller 1 vibrates", "engine 20 runs rough", "engine 21 runs rough"].sort(),
    );
    expect(await seen()).toEqual(textsOf(next));
    expect(await index.count(principal)).toBe(19);
  });

  test("a document whose fields alone changed keeps its vector", async () => {
    await index.upsert(documents(3), { groups });
    const [before] = await index.search("engine 1", {
      principal,
      k: 1,
      filter: { hours: 1 },
      mode: "vector",
    });
    embedder.asked.length = 0;
    const moved = { ...documents(3)[1]!, fields: { component: "cowling", hours: 7 }, source: { page: 2 } };

    const change = await index.upsert([moved], { groups });
    expect(change).toMatchObject({ added: 0, updated: 1, unchanged: 0, embedded: 0 });
    expect(embedder.asked).toEqual([]);
    const [after] = await index.search("engine 1", { principal, filter: { hours: 7 }, mode: "vector" });
    expect(after).toEqual({ ...before, fields: moved.fields, source: moved.source });
    expect(await index.count(principal)).toBe(3);
  });

  test("a document that is read in another place alone is not changed, and known to be there", async () => {
    await index.upsert(documents(3), { groups });
    embedder.asked.length = 0;
    const moved = documents(3).map((document) => ({ ...document, source: { file: "copy.csv", row: 9 } }));

    const change = await index.sync(moved, { groups });
    expect(change).toMatchObject({ added: 0, updated: 0, unchanged: 3, embedded: 0 });
    expect(embedder.asked).toEqual([]);
    const passages = await index.search("engine", { principal, k: 3, mode: "vector" });
    expect(passages.map(({ source }) => source)).toEqual(moved.map(({ source }) => source));
  });

  test("an upsert leaves the documents alone that it does not name; a delete takes those it names", async () => {
    await index.upsert(documents(5), { groups });
    await index.upsert([{ id: "entry 9", text: "tyre flat" }], { groups });
    expect(await index.count(principal)).toBe(6);
    const change = await index.delete(["entry 0", "entry 9", "entry 0", "it's no id"], { groups });
    expect(change).toMatchObject({ deleted: 2 });
    expect(await seen()).toEqual(textsOf(documents(5).slice(1)));
  });

  test("documents come from anything that can be iterated", async () => {
    async function* made() {
      yield* documents(3);
    }
    expect(await index.upsert(made(), { groups })).toMatchObject({ added: 3 });
    expect(await index.sync(new Set(documents(2)), { groups })).toMatchObject({ unchanged: 2, deleted: 1 });
    expect(await index.sync([], { groups })).toMatchObject({ deleted: 2 });
    expect(await index.count(principal)).toBe(0);
    expect(await index.search("engine", { principal })).toEqual([]);
  });

  test("what a document holds comes back as it was", async () => {
    const fields = {
      quoted: 'it\'s \\ "so"',
      none: null,
      yes: true,
      number: -0.1,
      __proto__x: 1,
      "a name, with 'all' ; -- of it": "x",
    };
    const odd: Document = {
      id: "it's \\ 'odd' \u0000 😀",
      text: "a\u0000b 'c' 😀\n",
      fields,
      source: { file: "ä.pdf", page: 3 },
    };
    await index.upsert([odd], { groups });
    expect(await index.upsert([odd], { groups })).toMatchObject({ unchanged: 1 });
    const [found] = await index.search("b", { principal, mode: "vector" });
    expect(found).toMatchObject({ id: odd.id, text: odd.text, fields, source: { file: "ä.pdf", page: 3 } });
    expect(await index.delete([odd.id], { groups })).toMatchObject({ deleted: 1 });
  });

  test("half a surrogate pair is stored as it will be read, and known again", async () => {
    const broken = [{ id: "x\ud800", text: "engine \udc00", fields: { "f\ud800": "v\ud800" } }];
    await index.upsert(broken, { groups });
    expect(await index.upsert(broken, { groups })).toMatchObject({ unchanged: 1 });
  });

  test("the same id twice is an error that names both places, and nothing is changed", async () => {
    await index.upsert(documents(2), { groups });
    const twice = [
      ...documents(1500),
      { id: "entry 7", text: "again", source: { file: "more.csv", row: 4 } },
    ];
    const failed = index.sync(twice, { groups });
    await expect(failed).rejects.toThrow(DataError);
    await expect(failed).rejects.toThrow(/more\.csv, row 4: documents 8 and 1501 .*"entry 7"/);
    expect(await seen()).toEqual(textsOf(documents(2)));
  });

  test.each([
    [{ id: "", text: "x" }, /document 1 has no id/],
    [{ id: 7, text: "x" }, /document 1 has no id: 7/],
    [{ id: "a", text: null }, /document 1 \("a"\) has no text/],
    [{ id: "a", text: "x", fields: { tags: ["y"] } }, /column "tags": document 1 holds a list/],
  ])("%j is no document", async (document, message) => {
    await expect(index.upsert([document as never], { groups })).rejects.toThrow(message);
  });

  test("fields by the hundred are too many, and nothing is changed", async () => {
    const many = (from: number) =>
      Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`f${from + at}`, at]));
    await index.upsert([{ id: "a", text: "x", fields: many(0) }], { groups });
    const more = index.upsert([{ id: "b", text: "x", fields: many(300) }], { groups });
    await expect(more).rejects.toThrow(/column "f500": .*more than 500 different fields/);
    expect(await index.count(principal)).toBe(1);
    expect(await index.search("x", { principal, filter: { f299: 299 } })).toHaveLength(1);
  });

  test("documents need a group", async () => {
    await expect(index.upsert(documents(1), { groups: [] })).rejects.toThrow(ConfigurationError);
    await expect(index.upsert(documents(1), { groups: [""] })).rejects.toThrow(/invalid group: ""/);
    await expect(index.sync([], { groups: "mechanics" as never })).rejects.toThrow(/expected a list/);
  });

  test("a text that is too long for the embedder fails by itself", async () => {
    const { embed } = embedder;
    embedder.embed = async (texts, options) => {
      if (texts.some((text) => text.startsWith("engine 7 "))) throw new TooLongError("too long by half");
      return embed(texts, options);
    };
    const change = await index.upsert(documents(10), { groups });
    expect(change).toMatchObject({ added: 9, failed: 1, embedded: 9 });
    expect(change.failures).toEqual([{ id: "entry 7", message: "too long by half" }]);
    expect(Object.keys(await seen())).not.toContain("entry 7");
  });

  test("a sync does not delete what is stored where its new text fails", async () => {
    await index.sync(documents(3), { groups });
    const { embed } = embedder;
    embedder.embed = async (texts, options) => {
      if (texts.includes("longer")) throw new TooLongError("too long");
      return embed(texts, options);
    };
    const change = await index.sync([{ id: "entry 1", text: "longer" }], { groups });
    expect(change).toMatchObject({ failed: 1, deleted: 2 });
    expect(await seen()).toEqual({ "entry 1": "engine 1 runs rough" });
  });

  test("an embedder that fails leaves everything as it was, and the next sync makes it whole", async () => {
    await index.sync(documents(600), { groups });
    const { embed } = embedder;
    let calls = 0;
    embedder.embed = async (texts, options) => {
      if (++calls > 1) throw new Error("away");
      return embed(texts, options);
    };
    const next = documents(2000).slice(10);
    await expect(index.sync(next, { groups })).rejects.toThrow("away");
    embedder.embed = embed;
    expect(await seen()).toEqual(textsOf(documents(600)));
    expect(await index.sync(next, { groups })).toMatchObject({ added: 1400, deleted: 10, unchanged: 590 });
    expect(await seen()).toEqual(textsOf(next));
  });

  test("a signal stops a change, and nothing was changed", async () => {
    const stop = new AbortController();
    async function* endless() {
      for (let at = 0; ; at++) {
        if (at === 1500) stop.abort(new Error("enough"));
        yield { id: `${at}`, text: `entry ${at}` };
      }
    }
    await expect(index.upsert(endless(), { groups, signal: stop.signal })).rejects.toThrow("enough");
    expect(await index.count(principal)).toBe(0);
  });

  test("an embedder that breaks its word is found out", async () => {
    const breaking: [Partial<HashingEmbedder>, RegExp][] = [
      [{ embed: async () => [] }, /gave 0 vectors for 1 texts/],
      [{ embed: async () => [new Float32Array([NaN, 1])] }, /no finite number/],
    ];
    for (const [part, message] of breaking) {
      Object.assign(embedder, part);
      await expect(index.upsert(documents(1), { groups })).rejects.toThrow(message);
    }
  });
});

describe("opening", () => {
  test("what one process indexed another finds", async () => {
    await index.sync(documents(12), { groups });
    const room = new URL("../../src/retrieval/index.ts", import.meta.url).href;
    const helper = new URL("./hashing-embedder.ts", import.meta.url).href;
    const { ended } = startProcess(`
      import { Index } from ${JSON.stringify(room)};
      import { hashingEmbedder } from ${JSON.stringify(helper)};
      const index = await Index.open(${JSON.stringify(name)}, { directory: ${JSON.stringify(directory)}, embedder: hashingEmbedder() });
      const options = { principal: ${JSON.stringify(principal)}, k: 3 };
      console.log(JSON.stringify(await index.search("engine 4", options)));`);
    const elsewhere = JSON.parse(await ended);
    expect(elsewhere).toEqual(
      JSON.parse(JSON.stringify(await index.search("engine 4", { principal, k: 3 }))),
    );
    expect(elsewhere[0].id).toBe("entry 4");
  });

  test("an index that is open sees what another wrote", async () => {
    const other = await Index.open(name, { directory, embedder });
    await other.upsert(documents(2), { groups });
    expect(await index.count(principal)).toBe(2);
    await other.upsert(documents(4), { groups });
    await other.compact();
    expect(await seen()).toEqual(textsOf(documents(4)));
  });

  test("another embedder is refused, by name", async () => {
    await index.upsert(documents(1), { groups });
    const opened = Index.open(name, { directory, embedder: hashingEmbedder("other") });
    await expect(opened).rejects.toThrow(ConfigurationError);
    await expect(opened).rejects.toThrow(/made with the embedder hashing \(test hashing\).*other/);
  });

  test("an embedder of the same name with vectors of another size is refused", async () => {
    await index.upsert(documents(1), { groups });
    const wider = await Index.open(name, { directory, embedder: hashingEmbedder("hashing", 32) });
    await expect(wider.search("engine", { principal })).rejects.toThrow(/dimension 32, and the index has 16/);
    await expect(wider.upsert(documents(3), { groups })).rejects.toThrow(/dimension 32/);
    expect(await index.count(principal)).toBe(1);
  });

  test("an index that is not there, or is there already, is an error that says what to do", async () => {
    await expect(Index.open(`${name}x`, { directory, embedder })).rejects.toThrow(`did you mean "${name}"?`);
    await expect(Index.open("elsewhere", { directory, embedder })).rejects.toThrow(
      /Index\.create\("elsewhere"\)/,
    );
    await expect(Index.create(name, { directory, embedder })).rejects.toThrow(/already/);
    const again = await Index.ensure(name, { directory, embedder });
    expect(again.name).toBe(name);
    expect(await Index.names({ directory })).toContain(name);
    expect(await Index.names({ directory: join(directory, "nowhere") })).toEqual([]);
  });

  test.each(["../x", "a/b", "..", ".", "", "a\\b", "x\u0000", "a".repeat(65), "x.", "-x", "é"])(
    "%j is no name of an index",
    async (bad) => {
      const options = { directory, embedder };
      const tries = [Index.create(bad, options), Index.open(bad, options), Index.ensure(bad, options)];
      for (const made of tries) await expect(made).rejects.toThrow(/invalid name of an index/);
    },
  );

  test("a manifest of a later lmframe is not read", async () => {
    const file = join(directory, name, "index.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"format": 1', '"format": 2'));
    await expect(Index.open(name, { directory, embedder })).rejects.toThrow(/format 2.*reads 1/);
  });
});

describe("side by side", () => {
  test("who reads during a change sees the state before it", async () => {
    await index.sync(documents(3), { groups });
    const { embed } = embedder;
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    let reached: () => void = () => undefined;
    const second = new Promise<void>((resolve) => (reached = resolve));
    let calls = 0;
    embedder.embed = async (texts, options) => {
      if (++calls === 3) {
        reached();
        await held;
      }
      return embed(texts, options);
    };
    const reader = await Index.open(name, { directory, embedder: hashingEmbedder() });
    const change = index.sync(documents(1600).slice(2), { groups });
    await second;
    expect(await seen(reader)).toEqual(textsOf(documents(3)));
    go();
    await change;
    expect(await seen(reader)).toEqual(textsOf(documents(1600).slice(2)));
  });

  test("changes of two at once are both made", async () => {
    const other = await Index.open(name, { directory, embedder });
    await Promise.all([
      index.upsert(documents(600), { groups }),
      other.upsert(documents(900).slice(300), { groups }),
      other.upsert(documents(4), { groups: ["pilots"] }),
      index.delete(["entry 0"], { groups: ["pilots"] }),
    ]);
    expect(await seen()).toEqual(textsOf(documents(900)));
  });

  test("searches go on while another changes and compacts, each of one state", async () => {
    const stateOf = (version: number) =>
      documents(80).map((document) => ({ ...document, fields: { version } }));
    await index.sync(stateOf(0), { groups });
    const other = await Index.open(name, { directory, embedder });
    let changing = true;
    const changes = (async () => {
      for (let version = 1; version <= 5; version++) {
        await other.sync(stateOf(version), { groups });
        await other.compact();
      }
    })().finally(() => (changing = false));
    while (changing) {
      const found = await index.search("engine runs rough", { principal, k: 100, mode: "text" });
      expect(found).toHaveLength(80);
      expect(new Set(found.map(({ fields }) => fields.version)).size).toBe(1);
    }
    await changes;
    const [last] = await index.search("engine", { principal, k: 1 });
    expect(last!.fields.version).toBe(5);
  });

  test("indexes side by side know nothing of each other", async () => {
    const other = await Index.create(`${name}-b`, { directory, embedder });
    await index.upsert(documents(3), { groups });
    await other.upsert([{ id: "entry 0", text: "another" }], { groups });
    expect(await seen()).toEqual(textsOf(documents(3)));
    expect(await seen(other)).toEqual({ "entry 0": "another" });
  });
});

test("compacting changes nothing that a search finds, and frees what was replaced", async () => {
  for (let round = 0; round < 4; round++) {
    const list = documents(40).map((document) => ({ ...document, text: `${document.text} ${round}` }));
    await index.sync(list.slice(round), { groups });
  }
  await index.upsert(documents(2), { groups: ["pilots"] });
  const both = { id: "bo", groups: ["pilots", "mechanics"] };
  const searches = () =>
    Promise.all(
      (["vector", "text", "hybrid"] as const).map((mode) =>
        index.search("engine 7 rough", { principal: both, mode, k: 50 }),
      ),
    );
  const before = await searches();
  await index.compact();
  expect(await searches()).toEqual(before);
  const fresh = await Index.open(name, { directory, embedder });
  expect(await fresh.search("engine 7 rough", { principal: both, k: 50 })).toEqual(before[2]);
  const manifest = JSON.parse(readFileSync(join(directory, name, "index.json"), "utf8"));
  for (const { table, version } of manifest.partitions as { table: string; version: number }[]) {
    const { connect } = await import("@lancedb/lancedb");
    const opened = await (await connect(join(directory, name, "tables"))).openTable(table);
    const versions = (await opened.listVersions()).map((each) => each.version);
    expect(versions).toContain(version);
    expect(versions.length).toBeLessThanOrEqual(3);
  }
  expect(await index.sync(documents(3), { groups })).toMatchObject({ added: 3, deleted: 37 });
});
