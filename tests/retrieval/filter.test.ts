import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import type { FieldCondition, Filter, FilterValue } from "../../src/modules/index.ts";
import { type Document, Index } from "../../src/retrieval/index.ts";
import { hashingEmbedder } from "./hashing-embedder.ts";
import { indexFolder } from "./index-folder.ts";

const directory = indexFolder();
const groups = ["mechanics"];
const principal = { id: "ana", groups };

const texts = [
  "",
  "engine",
  "Engine",
  "' OR 1=1 --",
  "'; DROP TABLE p; --",
  "\\' OR true --",
  "\\",
  "''",
  '"',
  "%",
  "a','b",
  "naïve ä 😀",
  "\u0000",
  "null",
  "f0 = f0",
  "1",
  "true",
];
const numbers = [0, -0, 1, -1.5, 1e21, 5e-324, -1e-7, Number.MAX_SAFE_INTEGER];
const names = ["component", "Component", "it's", "a b", "f0", "id", "text", "constructor", '"; --', "é"];

const value = fc.oneof(fc.constantFrom(...texts), fc.constantFrom(...numbers), fc.boolean());
const bound = fc.oneof(fc.constantFrom(...texts), fc.constantFrom(...numbers));
const condition: fc.Arbitrary<FieldCondition> = fc.oneof(
  value,
  fc.constant(null),
  fc.record(
    {
      not: fc.oneof(value, fc.constant(null)),
      in: fc.array(value, { maxLength: 4 }),
      min: bound,
      max: bound,
    },
    { requiredKeys: [] },
  ),
);

/** What the filter means, said without SQL. */
function holds(condition: FieldCondition, found: FilterValue | null): boolean {
  const same = (wanted: FilterValue) => wanted === found;
  const atLeast = (a: FilterValue | null, b: FilterValue | null) =>
    typeof a === "number" && typeof b === "number"
      ? a >= b
      : typeof a === "string" && typeof b === "string" && Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0;
  if (condition === null) return found === null;
  if (typeof condition !== "object") return same(condition);
  const { not, in: choices, min, max } = condition;
  return (
    (not === undefined || !(not === null ? found === null : same(not))) &&
    (choices === undefined || choices.some(same)) &&
    (min === undefined || atLeast(found, min)) &&
    (max === undefined || atLeast(max, found))
  );
}

describe("filters find what they say, whatever names and values hold", () => {
  // Every value under every name, in one index: what is drawn is the filter.
  const all = [...texts, ...numbers, true, false, null];
  const documents: Document[] = all.flatMap((_, at) => [
    {
      id: `d${at}`,
      text: `word ${at}`,
      fields: Object.fromEntries(names.map((name, shift) => [name, all[(at + shift * 3) % all.length]!])),
    },
  ]);
  documents.push({ id: "bare", text: "word" });
  let index: Index;
  beforeAll(async () => {
    index = await Index.create("filters", { directory, embedder: hashingEmbedder() });
    await index.upsert(documents, { groups });
  });

  const expected = (filter: Filter) =>
    documents
      .filter(({ fields }) =>
        Object.entries(filter).every(([name, condition]) => holds(condition, fields?.[name] ?? null)),
      )
      .map(({ id }) => id)
      .sort();

  test.each(["vector", "text", "hybrid"] as const)("%s", async (mode) => {
    const filters = fc.dictionary(fc.constantFrom(...names), condition, { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const found = await index.search("word", { principal, mode, filter, k: 100 });
        expect(found.map(({ id }) => id).sort()).toEqual(expected(filter));
      }),
      { numRuns: 60 },
    );
  });

  test("a long list of choices is one list", async () => {
    const choices = Array.from({ length: 20_000 }, (_, at) => `' OR ${at}=${at} --`);
    const found = await index.search("word", {
      principal,
      filter: { "it's": { in: [...choices, "engine"] } },
    });
    expect(found.map(({ id }) => id).sort()).toEqual(expected({ "it's": { in: [...choices, "engine"] } }));
  });

  test("a field that nobody has is an error with the nearest one", async () => {
    const search = index.search("word", { principal, filter: { componet: "engine" } });
    await expect(search).rejects.toThrow(ConfigurationError);
    await expect(search).rejects.toThrow(/no document has a field "componet"; did you mean "component"\?/);
    const injected = index.search("word", { principal, filter: { "1=1 OR component": "x" } });
    await expect(injected).rejects.toThrow(/no document has a field "1=1 OR component"/);
    for (const name of ["__proto__", "toString", "vector", "text_key"]) {
      const filter = Object.fromEntries([[name, "x"]]);
      await expect(index.search("word", { principal, filter })).rejects.toThrow(/no document has a field/);
    }
  });

  test.each([
    [{ component: NaN }, /cannot be NaN/],
    [{ component: Infinity }, /cannot be Infinity/],
    [{ component: undefined }, /cannot be undefined/],
    [{ component: { in: "engine" } }, /cannot be \{"in":"engine"\}/],
    [{ component: { in: [null] } }, /cannot be null/],
    [{ component: { min: true } }, /cannot be/],
    [{ component: { max: { a: 1 } } }, /cannot be \{"a":1\}/],
    [{ component: { maxx: 1 } }, /condition "maxx"; did you mean "max"\?/],
    [{ component: { $gt: 1 } }, /conditions: not, in, min, max/],
    [{ component: ["engine"] }, /cannot be \["engine"\]/],
  ])("%j is no filter", async (filter, message) => {
    await expect(index.search("word", { principal, filter: filter as never })).rejects.toThrow(message);
  });
});

test("a field may hold a number here and a text there", async () => {
  const index = await Index.create("mixed", { directory, embedder: hashingEmbedder() });
  await index.upsert([{ id: "a", text: "word", fields: { year: 1999 } }], { groups });
  await index.upsert(
    [
      { id: "b", text: "word", fields: { year: "1999" } },
      { id: "c", text: "word", fields: { year: null } },
    ],
    { groups },
  );
  const ids = async (filter: Filter) =>
    (await index.search("word", { principal, filter })).map(({ id }) => id).sort();
  expect(await ids({ year: 1999 })).toEqual(["a"]);
  expect(await ids({ year: "1999" })).toEqual(["b"]);
  expect(await ids({ year: { in: [1999, "1999"] } })).toEqual(["a", "b"]);
  expect(await ids({ year: null })).toEqual(["c"]);
  expect(await ids({ year: { not: 1999 } })).toEqual(["b", "c"]);
});

test("a field may be called what an object inherits", async () => {
  const index = await Index.create("inherited", { directory, embedder: hashingEmbedder() });
  const fields = JSON.parse('{ "__proto__": "odd", "constructor": 1, "hasOwnProperty": true }') as Record<
    string,
    FilterValue
  >;
  await index.upsert(
    [
      { id: "a", text: "word", fields },
      { id: "b", text: "word" },
    ],
    { groups },
  );
  const filter = JSON.parse('{ "__proto__": "odd", "constructor": { "min": 1 } }') as Filter;
  const found = await index.search("word", { principal, filter });
  expect(found.map(({ id }) => id)).toEqual(["a"]);
  expect(JSON.stringify(found[0]!.fields)).toBe(JSON.stringify(fields));
  expect(await index.upsert([{ id: "a", text: "word", fields }], { groups })).toMatchObject({ unchanged: 1 });
});
