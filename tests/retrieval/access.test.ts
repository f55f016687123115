import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { configure, type Principal, type SearchOptions, withCallSettings } from "../../src/modules/index.ts";
import { type Document, Index } from "../../src/retrieval/index.ts";
import { hashingEmbedder } from "./hashing-embedder.ts";
import { indexFolder } from "./index-folder.ts";

const directory = indexFolder();
const modes = ["vector", "text", "hybrid"] as const;
let made = 0;
const newIndex = () => Index.create(`index-${++made}`, { directory, embedder: hashingEmbedder() });

describe("a principal learns nothing of other groups", () => {
  const groups = ["mechanics", "pilots", "../mechanics", "a','b", "__proto__", "' OR 1=1 --"];
  const word = fc.constantFrom("engine", "rough", "propeller", "leak", "gasket", "#2", "L/H", "'", "secret");
  const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(" "));
  const fields = fc.dictionary(
    fc.constantFrom("component", "hours", "secret"),
    fc.oneof(word, fc.integer({ min: 0, max: 3 }), fc.constant(null)),
    { maxKeys: 2 },
  );
  const document: fc.Arbitrary<Document> = fc.record({
    id: fc.constantFrom("1", "2", "3", "4", "5", "it's"),
    text,
    fields,
  });
  const documents = fc.uniqueArray(document, { maxLength: 6, selector: ({ id }) => id });
  const groupSet = fc.uniqueArray(fc.constantFrom(...groups), { minLength: 1, maxLength: 3 });
  const change = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("upsert" as const), groups: groupSet, documents }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("sync" as const), groups: groupSet, documents }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("delete" as const), groups: groupSet, documents }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("compact" as const) }) },
  );
  const filter = fc.dictionary(
    fc.constantFrom("component", "hours", "secret"),
    fc.oneof(word, fc.integer({ min: 0, max: 3 }), fc.constant(null), fc.record({ not: word })),
    { maxKeys: 1 },
  );
  const search = fc.record({ query: text, filter, k: fc.constantFrom(1, 2, 30) });

  const apply = async (index: Index, step: typeof change extends fc.Arbitrary<infer T> ? T : never) => {
    if (step.kind === "compact") return index.compact();
    if (step.kind === "delete")
      return index.delete(
        step.documents.map(({ id }) => id),
        step,
      );
    return index[step.kind](step.documents, step);
  };
  const outcome = (result: Promise<unknown>) =>
    result.catch((error: unknown) => ({ name: (error as Error).name, message: (error as Error).message }));

  test("what they get is what an index gives that never held the documents of others", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 2, maxLength: 7 }),
        fc.uniqueArray(fc.constantFrom(...groups, "nobody"), { maxLength: 2 }),
        fc.array(search, { minLength: 1, maxLength: 3 }),
        async (changes, belongsTo, searches) => {
          const principal: Principal = { id: "ana", groups: belongsTo };
          const [shared, alone] = [await newIndex(), await newIndex()];
          for (const step of changes) {
            const done = await apply(shared, step);
            const theirs = step.kind === "compact" || step.groups.some((group) => belongsTo.includes(group));
            if (!theirs) continue;
            const { seconds: _, ...counts } = done ?? { seconds: 0 };
            expect(await apply(alone, step)).toEqual(
              done && { ...counts, seconds: expect.any(Number) as number },
            );
          }
          expect(await shared.count(principal)).toBe(await alone.count(principal));
          for (const { query, ...options } of searches) {
            for (const mode of modes) {
              const asked: SearchOptions = { ...options, mode, principal };
              expect(await outcome(shared.search(query, asked))).toEqual(
                await outcome(alone.search(query, asked)),
              );
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("every document found belongs to a group of theirs, whatever the groups are called", async () => {
    const names = [
      ...groups,
      "MECHANICS",
      "mechanics ",
      "a",
      "b",
      "a,b",
      '["a","b"]',
      "\u0000",
      "x\ud800",
      "constructor",
      "é",
      "e\u0301",
      "long ".repeat(5000),
      ".",
      "..",
      "/etc/passwd",
      "con",
    ];
    const index = await newIndex();
    for (const [at, name] of names.entries()) {
      await index.upsert([{ id: "1", text: `engine ${at}`, fields: { at } }], { groups: [name] });
    }
    for (const [at, name] of names.entries()) {
      for (const mode of modes) {
        const found = await index.search("engine", { principal: { id: "x", groups: [name] }, mode, k: 50 });
        expect(found.map(({ fields }) => fields.at)).toEqual([at]);
      }
    }
    expect(await index.count({ id: "all", groups: names })).toBe(names.length);
    // None of the names has become part of a path.
    for (const file of readdirSync(join(directory, index.name, "tables"))) {
      expect(file).toMatch(/^p[0-9a-f]{32}\.lance$/);
    }
  });

  test("the same set of groups is one set, in whatever order and however often they are named", async () => {
    const index = await newIndex();
    await index.upsert([{ id: "1", text: "engine" }], { groups: ["b", "a"] });
    const again = await index.upsert([{ id: "1", text: "engine" }], { groups: ["a", "b", "a"] });
    expect(again).toMatchObject({ unchanged: 1 });
    expect(await index.count({ id: "x", groups: ["b"] })).toBe(1);
  });
});

describe("who uploads", () => {
  const ana = { id: "ana", groups: ["mechanics"] };
  const bo = { id: "bo", groups: ["pilots"] };

  test("puts documents into their own groups, and neither replaces nor detects those of others", async () => {
    const index = await newIndex();
    await index.upsert([{ id: "1", text: "engine rough" }], { groups: ["mechanics"] });
    expect(await index.upload([{ id: "1", text: "engine fine" }], bo)).toMatchObject({
      added: 1,
      updated: 0,
    });
    expect((await index.search("engine", { principal: ana })).map(({ text }) => text)).toEqual([
      "engine rough",
    ]);
    expect((await index.search("engine", { principal: bo })).map(({ text }) => text)).toEqual([
      "engine fine",
    ]);
  });

  test("must belong to a group", async () => {
    const index = await newIndex();
    await expect(index.upload([{ id: "1", text: "x" }], { id: "x", groups: [] })).rejects.toThrow(
      /must belong to a group/,
    );
  });
});

describe("nobody", () => {
  test("a search or count without a principal is an error that says how to name one", async () => {
    const index = await newIndex();
    await index.upsert([{ id: "1", text: "engine" }], { groups: ["mechanics"] });
    for (const asked of [index.search("engine"), index.count()]) {
      await expect(asked).rejects.toThrow(ConfigurationError);
      await expect(asked).rejects.toThrow(/principal: \{ id: "ana", groups: \["mechanics"\] \}/);
    }
    await expect(index.search("engine", { principal: { id: "ana" } as never })).rejects.toThrow(
      /invalid principal/,
    );
  });

  test("one of no group sees an empty index, and does not cost a call of the embedder", async () => {
    const embedder = hashingEmbedder();
    const index = await Index.create("for-nobody", { directory, embedder });
    await index.upsert([{ id: "1", text: "engine", fields: { component: "engine" } }], {
      groups: ["mechanics"],
    });
    embedder.asked.length = 0;
    const principal = { id: "eve", groups: [] };
    expect(await index.search("engine", { principal, filter: { component: "engine" } })).toEqual([]);
    expect(await index.search("engine", { principal, filter: { componen: "engine" } })).toEqual([]);
    expect(await index.count(principal)).toBe(0);
    expect(embedder.asked).toEqual([]);
  });

  test("the principal of the call is who searches, unless the search names one", async () => {
    const index = await newIndex();
    await index.upsert([{ id: "1", text: "engine" }], { groups: ["mechanics"] });
    await index.upsert([{ id: "2", text: "engine" }], { groups: ["pilots"] });
    const ids = async (options?: SearchOptions) =>
      (await index.search("engine", options)).map(({ id }) => id);
    const ana = { id: "ana", groups: ["mechanics"] };
    const bo = { id: "bo", groups: ["pilots"] };
    await withCallSettings({ principal: ana }, async () => {
      expect(await ids()).toEqual(["1"]);
      expect(await ids({ principal: bo })).toEqual(["2"]);
    });
    configure({ principal: bo });
    try {
      expect(await ids()).toEqual(["2"]);
    } finally {
      configure({ principal: undefined });
    }
  });
});

describe("the audit", () => {
  const lines = (index: Index) =>
    readFileSync(join(directory, index.name, "audit.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test("holds a line for each search and change, and no text of a document", async () => {
    const index = await newIndex();
    const ana = { id: "ana", groups: ["mechanics"] };
    await index.upload([{ id: "1", text: "engine zebra", fields: { note: "zebra" } }], ana);
    await index.search("what is\nwrong?", { principal: ana, k: 3, mode: "text" });
    await index.search("engine", { principal: ana });
    await expect(index.search("engine", { principal: ana, filter: { x: 1 } })).rejects.toThrow();
    await index.delete(["1"], { groups: ["mechanics"] });
    const written = lines(index);
    const none = { updated: 0, deleted: 0, unchanged: 0, failed: 0 };
    expect(written).toMatchObject([
      {
        action: "upload",
        principal: ana,
        groups: ["mechanics"],
        changes: { ...none, added: 1, embedded: 1 },
      },
      { action: "search", principal: ana, query: "what is\nwrong?", k: 3, mode: "text", hits: 0 },
      { action: "search", principal: ana, query: "engine", k: 5, mode: "hybrid", hits: 1 },
      { action: "search", principal: ana, query: "engine", error: "ConfigurationError" },
      { action: "delete", groups: ["mechanics"], changes: { deleted: 1 } },
    ]);
    for (const { time } of written) expect(Date.parse(time as string)).toBeGreaterThan(0);
    expect(JSON.stringify(written)).not.toContain("zebra");
  });

  test("holds no key, and is for the owner's eyes", async () => {
    const index = await newIndex();
    const principal = { id: "ana", groups: ["mechanics"] };
    await index.search("is sk-abcdefghijklmnopqrstuvwx good?", { principal });
    expect(lines(index)[0]!.query).toBe("is [redacted] good?");
    expect(statSync(join(directory, index.name, "audit.jsonl")).mode & 0o077).toBe(0);
    expect(statSync(join(directory, index.name)).mode & 0o077).toBe(0);
  });
});
