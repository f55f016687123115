import { writeFileSync } from "node:fs";
import { readFile, readdir, truncate, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { Dataset, type Row } from "../../src/data/index.ts";
import { testFolder } from "./folder.ts";

const { file, path } = testFolder();

const fault = async (reading: Promise<unknown>): Promise<DataError> => {
  const error: unknown = await reading.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
};

/** Columns of one kind each, with missing values; what a format cannot tell apart is left out. */
const text = fc.string({ unit: "binary", maxLength: 12 });
const integer = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
const float = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((number) => (number === 0 ? 0.5 : number));
const date = fc.date({ noInvalidDate: true, min: new Date(-1e13), max: new Date(1e13) });
const kinds: Record<string, fc.Arbitrary<unknown>> = {
  text,
  integer,
  float,
  flag: fc.boolean(),
  list: fc.array(fc.option(text), { maxLength: 3 }),
  record: fc.record({ name: text, age: fc.option(integer) }),
  nested: fc.array(fc.record({ "a b": fc.array(integer, { maxLength: 2 }) }), { maxLength: 2 }),
  loose: fc.dictionary(
    text.filter((name) => name !== "__proto__"),
    integer,
    { maxKeys: 3 },
  ),
};
const tableOf = (columns: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Row[]> =>
  fc.array(
    fc.record(Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, fc.option(value)]))),
    {
      minLength: 1,
      maxLength: 6,
    },
  );

test("a record of arrays is a table, read and scanned; arrays of other lengths are none", async () => {
  const file = path("columns.json");
  writeFileSync(file, '{"text": ["a", "b"], "stars": [1, null]}');
  const rows = [
    { text: "a", stars: 1 },
    { text: "b", stars: null },
  ];
  expect((await Dataset.read(file)).rows()).toEqual(rows);
  expect((await Dataset.scan(file).collect()).rows()).toEqual(rows);
  writeFileSync(file, '{"text": ["a", "b"], "stars": [1]}');
  const message = 'has 1 values where column "text" has 2; expected as many in each';
  await expect(Dataset.read(file)).rejects.toThrow(message);
  await expect(Dataset.scan(file).collect()).rejects.toThrow(message);
});

describe.each([
  ["json", kinds],
  ["jsonl", kinds],
  ["parquet", { ...kinds, date }],
  ["arrow", { ...kinds, date }],
])("%s", (format, columns) => {
  test("gives back any table, and so does a scan of it", async () => {
    const target = path(`any.${format}`);
    const again = path(`again.${format}`);
    await fc.assert(
      fc.asyncProperty(tableOf(columns), async (rows) => {
        const written = Dataset.from(rows);
        expect(written.rows()).toEqual(rows);
        await written.write(target);
        const back = await Dataset.read(target);
        expect(back.rows()).toEqual(rows);
        expect(back.fingerprint()).toBe(written.fingerprint());
        expect(await Dataset.scan(target).write(again)).toEqual({ rows: rows.length });
        expect((await Dataset.scan(again).collect()).rows()).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  test("a missing file and an empty one are told apart", async () => {
    expect((await fault(Dataset.read(path(`absent.${format}`)))).message).toContain("no such file");
    expect((await fault(Dataset.read(file("", format)))).message).toContain("is empty");
  });
});

test.each(["parquet", "arrow"])("%s keeps types of columns without values", async (format) => {
  const target = path(`typed.${format}`);
  const types = { n: "number", i: "integer", s: "string", t: "timestamp", b: "boolean" } as const;
  await Dataset.from([{ n: 1, i: null, s: null, t: null, b: null }], { types }).write(target);
  expect((await Dataset.read(target)).schema.map(({ type }) => type)).toEqual(Object.values(types));
});

test.each(["parquet", "arrow", "csv", "jsonl"])(
  "%s keeps NaN and the infinities apart from nothing",
  async (format) => {
    const rows = [
      { x: NaN, y: 1 },
      { x: -Infinity, y: 1 },
      { x: null, y: 1 },
      { x: 0.5, y: 1 },
    ];
    const target = path(`special.${format}`);
    await Dataset.from(rows).write(target);
    const expected =
      format === "jsonl" ? rows.map((row) => ({ ...row, x: row.x === 0.5 ? 0.5 : null })) : rows;
    expect((await Dataset.read(target)).rows()).toEqual(expected);
  },
);

test.each(["parquet", "arrow"])("bytes survive %s, also those that are no text", async (format) => {
  const target = path(`bytes.${format}`);
  const bytes = Uint8Array.from([0xff, 0x00, 0xfe, 0x80]);
  await Dataset.from([{ bytes }, { bytes: null }]).write(target);
  expect((await Dataset.read(target)).rows()).toEqual([{ bytes }, { bytes: null }]);
});

test.each(["parquet", "arrow"])("a truncated %s file is an error of the data", async (format) => {
  const target = path(`cut.${format}`);
  await Dataset.from([{ text: "x".repeat(5000) }]).write(target);
  await truncate(target, 600);
  const error = await fault(Dataset.read(target));
  expect(error.place.file).toBe(target);
  expect(error.message).toMatch(/is not a whole (Parquet|Arrow IPC) file/);
});

describe("JSON", () => {
  test("long whole numbers keep their digits", async () => {
    const target = file('[{"id": 12345678901234567890}, {"id": 1}]', "json");
    expect((await Dataset.read(target)).column("id")).toEqual(["12345678901234567890", "1"]);
    const lines = file('{"id": 9007199254740993}\n{"id": 7}\n', "jsonl");
    expect((await Dataset.read(lines)).column("id")).toEqual(["9007199254740993", "7"]);
  });

  test("fields that some rows lack are null there, in order of first appearance", async () => {
    const dataset = await Dataset.read(file('[{"a":1},{"b":"x","a":2}]', "json"));
    expect(dataset.columns).toEqual(["a", "b"]);
    expect(dataset.rows()).toEqual([
      { a: 1, b: null },
      { a: 2, b: "x" },
    ]);
  });

  test("a record of arrays is a table by columns", async () => {
    expect((await Dataset.read(file('{"a":[1,2],"b":["x",null]}', "json"))).at(1)).toEqual({ a: 2, b: null });
  });

  test("mixed types name the row, the line and both types", async () => {
    const error = await fault(Dataset.read(file('{"age":1}\n\n{"age":"x"}\n', "jsonl")));
    expect(error.place).toMatchObject({ row: 2, line: 3, column: "age" });
    expect(error.message).toContain('holds a string ("x") where the rows before hold an integer');
    const kept = await Dataset.read(file('{"age":1}\n{"age":"x"}\n', "jsonl"), { types: { age: "string" } });
    expect(kept.column("age")).toEqual(["1", "x"]);
  });

  test("a malformed line is named", async () => {
    const error = await fault(Dataset.read(file('{"a":1}\n{"a":\n{"a":3}\n', "jsonl")));
    expect(error.place).toMatchObject({ line: 2 });
    expect((await fault(Dataset.read(file('{"a":1}\n[1]\n', "jsonl")))).message).toContain(
      "line 2: found an array",
    );
  });

  test("a malformed file names the line, and suggests JSON Lines where it looks like them", async () => {
    const error = await fault(Dataset.read(file('[\n{"a":1},\n{"a":oops}\n]', "json")));
    expect(error.place).toMatchObject({ line: 3 });
    expect((await fault(Dataset.read(file('{"a":1}\n{"a":2}\n', "json")))).message).toContain(
      'format: "jsonl"',
    );
    expect((await fault(Dataset.read(file('"x"', "json")))).message).toContain("holds a string");
  });

  test("bytes that are not UTF-8 name the line", async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"x"}\n{"a":"'), Buffer.from([0xe9]), Buffer.from('"}\n')]);
    expect((await fault(Dataset.read(file(bytes, "jsonl")))).place).toMatchObject({ line: 2 });
    expect((await fault(Dataset.read(file(bytes, "json")))).place).toMatchObject({ line: 2 });
  });

  test("a field named __proto__ changes no prototype", async () => {
    const lines = file('{"a":{"__proto__":{"polluted":1}}}\n', "jsonl");
    const [row] = (await Dataset.read(lines)).rows();
    expect((row!.a as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.hasOwn(row!.a as object, "__proto__")).toBe(true);
    await expect(Dataset.read(file('{"__proto__":1}\n', "jsonl"))).rejects.toThrow(
      "no column can have this name",
    );
  });
});

test("writing replaces a file in one step and leaves nothing beside it when it fails", async () => {
  const target = path("folder/kept.csv");
  await Dataset.from([{ a: 1 }]).write(target);
  const rows = Dataset.scan(target).derive({
    b: () => {
      throw new Error("no");
    },
  });
  await expect(rows.write(target)).rejects.toThrow("no");
  expect(await readFile(target, "utf8")).toBe("a\n1\n");
  expect(await readdir(dirname(target))).toEqual(["kept.csv"]);
});

test("an unknown extension names the nearest", async () => {
  await writeFile(path("x.jsnol"), "{}");
  await expect(Dataset.read(path("x.jsnol"))).rejects.toThrow('did you mean ".json');
});
