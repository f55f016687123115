import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError, DataError, showProgress } from "../../src/core/index.ts";
import { Dataset, type Row } from "../../src/data/index.ts";
import type { Document } from "../../src/retrieval/document.ts";
import { type IngestOptions, readDocuments, tableDocuments } from "../../src/retrieval/ingest/index.ts";
import { docx, pdf, zip } from "./sample-files.ts";

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "lmframe-ingest-")));
  vi.spyOn(process, "cwd").mockReturnValue(folder);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const write = (name: string, content: string | Uint8Array) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const collect = async (documents: AsyncIterable<Document>) => {
  const all: Document[] = [];
  for await (const document of documents) all.push(document);
  return all;
};
const read = async (paths: string | string[], options?: IngestOptions) => {
  const documents = readDocuments(paths, options);
  return { documents: await collect(documents), ...facts(documents) };
};
const facts = ({ failed, identities, empty }: ReturnType<typeof readDocuments>) => ({
  failed,
  identities: Object.fromEntries(identities),
  empty,
});

describe("files of prose", () => {
  test("PDF by page; pages without text have no chunk", async () => {
    const { documents } = await read(write("manual.pdf", pdf(["Check the oil", "", "Replace gasket"])));
    expect(documents).toEqual([
      { id: "manual.pdf#1", text: "Check the oil", source: { file: "manual.pdf", page: 1 } },
      { id: "manual.pdf#2", text: "Replace gasket", source: { file: "manual.pdf", page: 3 } },
    ]);
  });

  test("Markdown by heading; a hash in code is none", async () => {
    const text = "before\n# Engine\n## Oil ##\n```sh\n# a comment\n```\nChange it.\n\n# Gear\nDown.";
    const { documents } = await read(write("docs/guide.md", text));
    expect(documents.map(({ id, text, fields }) => [id, text, fields?.heading])).toEqual([
      ["docs/guide.md#1", "before", undefined],
      ["docs/guide.md#2", "Engine > Oil\n\n```sh\n# a comment\n```\nChange it.", "Engine > Oil"],
      ["docs/guide.md#3", "Gear\n\nDown.", "Gear"],
    ]);
  });

  test("a heading of nothing but space and hashes takes no time to speak of", async () => {
    const line = `# a${" \t#".repeat(100_000)}x`;
    const { documents } = await read(write("long.md", `${line}\ntext`));
    expect(documents).toHaveLength(1);
  });

  test("HTML by heading, without scripts, styles, navigation and addresses", async () => {
    const html =
      "<html><head><style>p{}</style><script>steal()</script></head><body><nav>Menu</nav><h1>The <b>engine</b></h1>" +
      "<p>Check <a href='javascript:x'>this</a> &amp; that<script>more()</script><h2>Parts</h2>" +
      "<table><tr><th>part<th>number<tr><td>gasket<td>10-4</table></body></html>";
    const { documents } = await read(write("page.html", html));
    expect(documents.map(({ text }) => text)).toEqual([
      "The engine\n\nCheck this & that",
      "The engine > Parts\n\npart | number | \ngasket | 10-4 |",
    ]);
  });

  test("HTML as people write it: tags that nobody closes, and drawings", async () => {
    const html = `<ul>${"<li>part<br><img src=x>".repeat(3000)}</ul><svg>${"<path d='M0'/>".repeat(3000)}</svg><p>end`;
    const { documents, failed } = await read(write("sloppy.html", html));
    expect(failed).toEqual([]);
    expect(documents.at(-1)!.text).toMatch(/end$/);
  });

  test("Word by heading", async () => {
    const { documents } = await read(
      write("sheet.docx", docx(["# Engine", "Check &lt;oil&gt;", "## Filter", "Change"])),
    );
    expect(documents.map(({ text }) => text)).toEqual(["Engine\n\nCheck <oil>", "Engine > Filter\n\nChange"]);
  });

  test("long text in chunks that carry their heading", async () => {
    const text = `# Oil\n${"The level of the oil is checked each morning. ".repeat(60)}`;
    const { documents } = await read(write("long.md", text), { chunkTokens: 100, overlap: 10 });
    expect(documents.length).toBeGreaterThan(4);
    expect(documents.map(({ id }) => id)).toEqual(documents.map((_, index) => `long.md#${index + 1}`));
    for (const { text } of documents) expect(text).toMatch(/^Oil\n\nThe level/);
  });

  test("other encodings where they are named or marked", async () => {
    const latin = write("latin.txt", Buffer.from("café", "latin1"));
    const wide = write("wide.txt", Buffer.from("\ufeffcafé", "utf16le"));
    expect((await read(latin, { encoding: "windows-1252" })).documents[0]!.text).toBe("café");
    expect((await read(wide)).documents[0]!.text).toBe("café");
  });
});

describe("damaged files are reported, and the rest goes on", () => {
  const good = () => write("good.txt", "fine");

  test.each<[string, string | Buffer, RegExp]>([
    ["broken.pdf", "%PDF-1.4 and then nothing", /invalid pdf/i],
    ["latin.txt", Buffer.from("caf\xe9 au lait", "latin1"), /0xe9.*not utf-8.*windows-1252/],
    ["binary.txt", "PK\x00\x00", /null characters/],
    ["no.docx", "this is no archive", /damaged archive/],
    ["cut.docx", docx(["text"]).subarray(0, 300), /damaged archive/],
    ["other.docx", zip({ "a.txt": "an archive, and no document" }), /docx|document/i],
    ["bomb.docx", docx(["x".repeat(2e6)]), /unpacks to more than 1 MB/],
    ["liar.docx", docx(["x".repeat(2e6)], 10), /unpacks to more than 1 MB/],
    ["large.txt", "x".repeat(1_100_000), /1\.1 MB large; at most 1\.0 MB/],
    ["deep.html", "<div>".repeat(100_000) + "text", /more than 2000 tags/],
    ["slides.mdd", "", /unknown extension ".mdd"; did you mean ".md"/],
    ["table.csv", 'text\n"never closed', /quote/],
  ])("%s", async (name, content, message) => {
    const { documents, failed } = await read([write(name, content), good()], { mostBytes: 1e6 });
    expect(failed).toEqual([{ file: name, message: expect.stringMatching(message) as string }]);
    expect(failed[0]!.message).not.toContain(folder);
    expect(documents.map(({ text }) => text)).toEqual(["fine"]);
  });

  test("a file that is not there, and a folder", async () => {
    const { failed } = await read([join(folder, "god.txt"), join(folder, ".txt"), good()]);
    expect(failed[0]).toEqual({ file: "god.txt", message: 'no such file; did you mean "good.txt"?' });
  });

  test("but end a reading that must be whole", async () => {
    const paths = [write("broken.pdf", "no"), good()];
    const whole = collect(readDocuments(paths, { failures: "throw" }));
    await expect(whole).rejects.toThrow(DataError);
    await expect(collect(readDocuments(paths, { failures: "throw" }))).rejects.toThrow("broken.pdf");
  });

  test("what the user set wrong is no fault of a file", async () => {
    await expect(read(good(), { encoding: "klingon" })).rejects.toThrow(ConfigurationError);
    expect(() => readDocuments("a.txt", { chunkTokens: 3 })).toThrow(ConfigurationError);
  });

  test("a stop is one", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(read(good(), { signal })).rejects.toThrow("enough");
  });
});

test("read again, the files are told of again, not twice", async () => {
  const documents = readDocuments([write("broken.pdf", "no"), write("a.csv", "id,text\n1,x\n2,\n")]);
  for (const _ of [1, 2]) {
    await collect(documents);
    expect(facts(documents)).toMatchObject({ failed: [{ file: "broken.pdf" }], empty: 1 });
  }
});

test("progress counts files, and those that failed", async () => {
  const states: string[] = [];
  const end = showProgress(({ done, total, facts }) =>
    states.push(`${done}/${total} ${JSON.stringify(facts)}`),
  );
  await read([write("a.txt", "a"), write("b.pdf", "no")]);
  end();
  expect(states).toEqual(["1/2 {}", '2/2 {"failed":1}', '2/2 {"failed":1}']);
});

describe("tables", () => {
  test("a row is a document: the other columns are fields, and a column that is unique names it", async () => {
    const path = write("log.csv", "problem,ident,action\nLEAK,007,FIXED\nNOISE,008,\n,009,NONE\n");
    expect(await read(path, { text: "problem" })).toEqual({
      documents: [
        {
          id: "007",
          text: "LEAK",
          source: { file: "log.csv", row: 1 },
          fields: { ident: "007", action: "FIXED" },
        },
        {
          id: "008",
          text: "NOISE",
          source: { file: "log.csv", row: 2 },
          fields: { ident: "008", action: null },
        },
      ],
      failed: [],
      identities: { "log.csv": { column: "ident" } },
      empty: 1,
    });
  });

  test("what is like an id names the rows before what is unique by chance; the text never does", () => {
    const rows = [
      { text: "a", part: "x", entry_id: 2, price: 1.5 },
      { text: "b", part: "y", entry_id: 1, price: 2.5 },
    ];
    expect(tableDocuments(rows).identity).toEqual({ column: "entry_id" });
    expect(tableDocuments(Dataset.from(rows).drop("entry_id")).identity).toEqual({ column: "part" });
    expect(tableDocuments(Dataset.from(rows).select("text", "price")).identity).toBe("content");
    expect(tableDocuments(rows, { id: "part" }).identity).toEqual({ column: "part" });
  });

  test("by content, equal rows are told apart, and the order of columns and other rows does not count", () => {
    const ids = (rows: Row[]) => [...tableDocuments(rows, { text: "text" })].map(({ id }) => id);
    const [a, b, a2] = ids([
      { text: "a", n: 1 },
      { text: "b", n: 1 },
      { text: "a", n: 1 },
    ]);
    expect(a2).toBe(`${a}-2`);
    expect(
      ids([
        { n: 1, text: "b" },
        { n: 1, text: "a" },
      ]),
    ).toEqual([b, a]);
  });

  test("dates, lists and records become what a filter can compare", () => {
    const [document] = tableDocuments(
      [{ text: "t", on: new Date(0), tags: ["a"], deep: { x: 1 }, raw: Uint8Array.of(1), ok: true }],
      { text: "text" },
    );
    expect(document!.fields).toEqual({
      on: "1970-01-01T00:00:00.000Z",
      tags: '["a"]',
      deep: '{"x":1}',
      raw: null,
      ok: true,
    });
  });

  test.each<[object, RegExp]>([
    [{ text: "txt" }, /no such column; did you mean "text"\?/],
    [{ text: "text", id: "part" }, /row 2.*"part".*has the id "x", as row 1/],
    [{ text: "text", id: "gap" }, /row 1.*"gap".*has no id/],
    [{ text: "text", id: "prt" }, /no such column; did you mean "part"/],
    [{}, /which column holds the text[^]*"label", "part"/],
  ])("says what is wrong with the columns %j", (options, message) => {
    const rows = [
      { label: "a", part: "x", gap: null, ...("text" in options && { text: "a" }) },
      { label: "b", part: "x", gap: "1", ...("text" in options && { text: "b" }) },
    ];
    expect(() => tableDocuments(rows, options)).toThrow(message);
  });

  test("a table in every format", async () => {
    const data = Dataset.from([
      { code: "A1", text: "leak" },
      { code: "B2", text: "noise" },
    ]);
    for (const name of ["t.csv", "t.tsv", "t.json", "t.jsonl", "t.parquet", "t.arrow"]) {
      await data.write(join(folder, name));
      const { documents, failed } = await read(join(folder, name));
      expect(failed).toEqual([]);
      expect(documents.map(({ id, text, source }) => [id, text, source?.file])).toEqual([
        ["A1", "leak", name],
        ["B2", "noise", name],
      ]);
    }
  });
});
