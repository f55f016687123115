import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { Dataset } from "../../src/data/index.ts";
import { testFolder } from "./folder.ts";

const { file, path } = testFolder();

const read = async (text: string | Uint8Array, options = {}) => await Dataset.read(file(text), options);
const fault = async (text: string | Uint8Array, options = {}): Promise<DataError> => {
  const error: unknown = await read(text, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
};
const types = (dataset: Dataset) => Object.fromEntries(dataset.schema.map(({ name, type }) => [name, type]));

describe("cells", () => {
  test("quotes hold delimiters, line ends and quotes", async () => {
    const dataset = await read('a,b\n"x, y","said ""no""\r\nand left"\r\nplain,"mid"\n');
    expect(dataset.rows()).toEqual([
      { a: "x, y", b: 'said "no"\r\nand left' },
      { a: "plain", b: "mid" },
    ]);
  });

  test("nothing is null and quoted nothing is text", async () => {
    expect((await read('a,b\n,""\nx,y\n')).rows()).toEqual([
      { a: null, b: "" },
      { a: "x", b: "y" },
    ]);
  });

  test("a quoted empty cell among numbers is null too", async () => {
    expect((await read('a,b\n"1",x\n"",y\n')).column("a")).toEqual([1, null]);
  });

  test("lines may end in any way, and the last may end in none", async () => {
    const rows = [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ];
    for (const text of ["a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\r\n1,2\n3,4\r\n"]) {
      expect((await read(text)).rows()).toEqual(rows);
    }
  });

  test("blank lines are skipped, but are the missing values of a single column", async () => {
    expect((await read("a,b\n\n1,2\n\n")).rows()).toEqual([{ a: 1, b: 2 }]);
    expect((await read("a\nx\n\ny\n")).column("a")).toEqual(["x", null, "y"]);
  });

  test("a quote inside an unquoted cell stands for itself", async () => {
    expect((await read('a,b\n5" pipe,x"y\n')).rows()).toEqual([{ a: '5" pipe', b: 'x"y' }]);
  });

  test("the delimiter is found, or given", async () => {
    expect((await read("a;b\n1,5;2\n")).rows()).toEqual([{ a: "1,5", b: 2 }]);
    expect((await Dataset.read(file("a\tb,c\n1\t2\n", "tsv"))).columns).toEqual(["a", "b,c"]);
    expect((await read("a,b|c\n1|2\n", { delimiter: "|" })).columns).toEqual(["a,b", "c"]);
  });

  test("records that span chunks come whole", async () => {
    const long = `${'é"'.repeat(100_000)}\n`;
    const dataset = await read(`a,b\n${`1,"${long.replaceAll('"', '""')}"\n`.repeat(3)}`);
    expect(dataset.length).toBe(3);
    expect(dataset.column("b").every((cell) => cell === long)).toBe(true);
  });
});

describe("types", () => {
  test("are inferred from the whole column", async () => {
    const dataset = await read("i,f,b,s,e\n1,1,true,1,\n-2,2.5,FALSE,x,\n0,1e3,,2,\n");
    expect(types(dataset)).toEqual({ i: "integer", f: "number", b: "boolean", s: "string", e: "null" });
    expect(dataset.at(1)).toEqual({ i: -2, f: 2.5, b: false, s: "x", e: null });
    expect(dataset.column("s")).toEqual(["1", "x", "2"]);
  });

  test.each([
    ["007", "string"],
    ["+49301234567", "string"],
    ["9007199254740991", "integer"],
    ["9007199254740993", "string"],
    ["123456789012345678901234", "string"],
    ["9007199254740992", "string"],
    ["0.1234567890123456789", "string"],
    ["0.12345678901234568", "number"],
    ["0.12345678901234567", "string"],
    ["1e400", "string"],
    ["2026-11-21", "string"],
    ["NaN", "number"],
    ["9007199254740993.0", "string"],
    ["-0", "string"],
    [".5", "number"],
    ["-", "string"],
    ["1.", "string"],
    ["0x10", "string"],
  ])("%s alone is %s", async (cell, type) => {
    const dataset = await read(`a,b\n${cell},1\n`);
    expect(types(dataset).a).toBe(type);
    if (type === "string") expect(dataset.at(0).a).toBe(cell);
  });

  test("one long number keeps its column's digits", async () => {
    expect((await read("id,b\n1,1\n12345678901234567890,1\n")).column("id")).toEqual([
      "1",
      "12345678901234567890",
    ]);
  });

  test("can be given", async () => {
    const dataset = await read('zip,at,tags\n10115,2026-11-21 10:00,"[""a""]"\n', {
      types: { zip: "string", at: "timestamp", tags: "json" },
    });
    expect(dataset.at(0)).toEqual({ zip: "10115", at: new Date("2026-11-21T10:00:00Z"), tags: ["a"] });
  });

  test("that do not fit name the cell", async () => {
    const error = await fault('a,b\n"x\ny",1\nz,two\n', { types: { b: "integer" } });
    expect(error.place).toMatchObject({ line: 4, column: "b" });
    expect(error.message).toContain('"two" is not of type integer');
  });

  test("for a column that is not there name the nearest", async () => {
    const error = await fault("sentiment\nx\n", { types: { sentimnt: "string" } });
    expect(error.message).toContain('did you mean "sentiment"?');
  });
});

describe("faults", () => {
  test("a short row: line, row, column and what was missing", async () => {
    const error = await fault('a,b,c\n"1\n1",2,3\n4,5\n');
    expect(error.place).toMatchObject({ line: 4, row: 2, column: "c" });
    expect(error.message).toMatch(/\.csv, line 4, column "c": found 2 cells, expected 3/);
  });

  test("a long row: what comes after the last column", async () => {
    const error = await fault("a,b\n1,2\n3,4,5\n");
    expect(error.place).toMatchObject({ line: 3, column: "b" });
    expect(error.message).toContain('"5" comes after the last column');
  });

  test("an unclosed quote: the line it opened on", async () => {
    const error = await fault('a,b\n1,2\n3,"x\ny\n');
    expect(error.place).toMatchObject({ line: 3 });
    expect(error.message).toContain("no closing quote");
    expect(error.place.file).toMatch(/\.csv$/);
  });

  test("text after a closing quote", async () => {
    expect((await fault('a,b\n1,"x"y\n')).message).toMatch(/line 2: cell 2 goes on after its closing quote/);
  });

  test("bytes that are not UTF-8: line, column and advice", async () => {
    const bytes = Buffer.concat([
      Buffer.from("name,city\nAnna,Köln\nJos\u0065,M"),
      Buffer.from([0xfc]),
      Buffer.from("nchen\n"),
    ]);
    const error = await fault(bytes);
    expect(error.place).toMatchObject({ line: 3, column: "city" });
    expect(error.message).toMatch(/0xfc .*not utf-8.*encoding: "windows-1252"/);
  });

  test("a character cut by the end of the file", async () => {
    const error = await fault(Buffer.from("a\nx\n€").subarray(0, -1));
    expect(error.place).toMatchObject({ line: 3 });
  });

  test("empty files, and files of blank lines", async () => {
    for (const text of ["", "\n\n", "\ufeff"]) expect((await fault(text)).message).toContain("is empty");
  });

  test("two columns of one name", async () => {
    const error = await fault("a,b,a\n1,2,3\n");
    expect(error.message).toContain("columns 1 and 3 have the same name");
    expect(error.place).toMatchObject({ line: 1, column: "a" });
  });

  test("no such file: the nearest one", async () => {
    const there = file("a\n1\n");
    const error: unknown = await Dataset.read(there.replace(/(\d+)\.csv$/, "$1.csw"), {
      format: "csv",
    }).catch((e: unknown) => e);
    expect((error as Error).message).toMatch(/no such file; did you mean "\d+\.csv"\?/);
  });
});

describe("encodings", () => {
  test("a byte order mark is not part of the first column's name", async () => {
    expect((await read("\ufefftext,b\nä,1\n")).rows()).toEqual([{ text: "ä", b: 1 }]);
  });

  test("UTF-16 is known by its mark", async () => {
    expect((await read(Buffer.from("\ufefftext\nä€\n", "utf16le"))).rows()).toEqual([{ text: "ä€" }]);
  });

  test("others are named", async () => {
    const bytes = Buffer.from([0x61, 0x0a, 0x80, 0xfc, 0x0a]);
    expect((await read(bytes, { encoding: "windows-1252" })).rows()).toEqual([{ a: "€ü" }]);
    await expect(read(bytes, { encoding: "klingon" })).rejects.toThrow('unknown encoding "klingon"');
  });
});

test("a column without a name is called by its place", async () => {
  expect((await read(",text\n0,x\n")).columns).toEqual(["column1", "text"]);
});

test("a header alone is a table without rows", async () => {
  const dataset = await read("a,b\n");
  expect([dataset.length, dataset.columns]).toEqual([0, ["a", "b"]]);
});

test("any table of text comes back as it was", async () => {
  const cell = fc.option(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[",;\r\n a1é]*$/)));
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 1, max: 3 })
        .chain((width) => fc.array(fc.tuple(...new Array(width).fill(cell)), { minLength: 1, maxLength: 8 })),
      async (table) => {
        const names = ["x", 'y"', "z,\n"].slice(0, table[0]!.length);
        const rows = table.map((cells) =>
          Object.fromEntries(names.map((name, c) => [name, cells[c] as string | null])),
        );
        const types = Object.fromEntries(names.map((name) => [name, "string" as const]));
        const target = path("any.csv");
        await Dataset.from(rows, { types }).write(target);
        expect((await Dataset.read(target, { types })).rows()).toEqual(rows);
      },
    ),
    { numRuns: 100 },
  );
});

test("numbers, booleans, dates and nested values are written for people and programs", async () => {
  const target = path("written.csv");
  await Dataset.from([{ n: 1.5, b: true, at: new Date(0), list: ["a", 1], none: null }]).write(target);
  expect(await readFile(target, "utf8")).toBe(
    'n,b,at,list,none\n1.5,true,1970-01-01T00:00:00.000Z,"[""a"",1]",\n',
  );
});
