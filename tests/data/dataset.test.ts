import { createRequire } from "node:module";
import { inspect } from "node:util";
import * as arrow from "apache-arrow";
import { describe, expect, test } from "vitest";
import { display } from "../../src/core/display.ts";
import { Dataset } from "../../src/data/index.ts";

const people = () =>
  Dataset.from([
    { name: "Ann", age: 41, city: "Köln" },
    { name: "Bob", age: null, city: "Oslo" },
    { name: "Cid", age: 7, city: "Köln" },
    { name: "Dee", age: 23, city: null },
  ]);

describe("sources", () => {
  test("columns, rows and Datasets", () => {
    const dataset = Dataset.from({ a: [1, 2], b: ["x", null] });
    expect(dataset.rows()).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: null },
    ]);
    expect(Dataset.from(dataset)).toBe(dataset);
    expect(Dataset.from([]).length).toBe(0);
    expect(Dataset.from([{}, {}]).length).toBe(2);
  });

  test("rows are copied: changing them later changes nothing", () => {
    const rows = [{ tags: ["a"] }];
    const dataset = Dataset.from(rows);
    rows[0]!.tags.push("b");
    expect(dataset.at(0)).toEqual({ tags: ["a"] });
  });

  test("columns of different lengths and rows that are no records are errors", () => {
    expect(() => Dataset.from({ a: [1, 2], b: [1] })).toThrow(
      'column "b": has 1 values where the table has 2 rows',
    );
    expect(() => Dataset.from([{ a: 1 }, null as never])).toThrow("row 2: is not a record");
    expect(() => Dataset.from([{ a: () => 1 }])).toThrow(/row 1, column "a": a function is not data/);
  });

  test("mixed types name the row", () => {
    expect(() => Dataset.from([{ a: 1 }, { a: true }])).toThrow(
      'row 2, column "a": holds a boolean (true) where the rows before hold an integer',
    );
  });

  test("bigints are numbers while they fit, and else text", () => {
    expect(Dataset.from([{ a: 1n }, { a: 2 }]).column("a")).toEqual([1, 2]);
    expect(Dataset.from([{ a: 2n ** 60n }, { a: 2 }]).column("a")).toEqual([String(2n ** 60n), "2"]);
  });

  test("Arrow tables of this process are not copied", () => {
    const values = Float64Array.from([1.5, 2.5]);
    // What a notebook's cell gets, and lmframe with it; the import above is another copy.
    const ours = createRequire(import.meta.url)("apache-arrow") as typeof arrow;
    const dataset = Dataset.from(ours.tableFromArrays({ x: values }));
    expect((dataset.table.getChild("x")!.data[0]!.values as Float64Array).buffer).toBe(values.buffer);
  });

  test("Arrow types of other writers are read", () => {
    const vectors = {
      utf8: arrow.vectorFromArray(["a", null], new arrow.Utf8()),
      large: arrow.vectorFromArray(["a", null], new arrow.LargeUtf8()),
      i64: arrow.vectorFromArray([5n, null], new arrow.Int64()),
      u8: arrow.vectorFromArray([5, null], new arrow.Uint8()),
      f32: arrow.vectorFromArray([0.5, null], new arrow.Float32()),
      f16: arrow.vectorFromArray([0.5, null], new arrow.Float16()),
      day: arrow.vectorFromArray([new Date("2026-11-21"), null], new arrow.DateDay()),
      micro: arrow.vectorFromArray([new Date(1), null], new arrow.TimestampMicrosecond()),
      decimal: arrow.vectorFromArray(
        [Uint32Array.of(0xffffff85, 0xffffffff, 0xffffffff, 0xffffffff), null],
        new arrow.Decimal(2, 10),
      ),
      label: arrow.vectorFromArray(["x", null], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
    };
    const dataset = Dataset.from(new arrow.Table(vectors as never));
    expect(dataset.rows()).toEqual([
      {
        utf8: "a",
        large: "a",
        i64: 5,
        u8: 5,
        f32: 0.5,
        f16: 0.5,
        day: new Date("2026-11-21"),
        micro: new Date(1),
        decimal: "-1.23",
        label: "x",
      },
      Object.fromEntries(Object.keys(vectors).map((name) => [name, null])),
    ]);
  });

  test("Arrow integers beyond 2^53 keep their digits", () => {
    const table = new arrow.Table({ id: arrow.vectorFromArray([2n ** 60n, 1n], new arrow.Int64()) });
    expect(Dataset.from(table as arrow.Table).column("id")).toEqual([String(2n ** 60n), "1"]);
  });

  test("an Arrow table of another copy of the library, sliced and in batches", () => {
    const table = arrow.tableFromArrays({ x: ["a", "b", "c"], n: [1, 2, 3] });
    const joined = table.slice(1).concat(table);
    const foreign = foreignCopy(joined as arrow.Table);
    expect(Dataset.from(foreign).rows()).toEqual([
      { x: "b", n: 2 },
      { x: "c", n: 3 },
      { x: "a", n: 1 },
      { x: "b", n: 2 },
      { x: "c", n: 3 },
    ]);
    expect(Dataset.from(foreign).table).toBeInstanceOf(Object);
    expect(Dataset.from(Dataset.from(foreign).table).length).toBe(5);
  });
});

/** The same table without the classes it was made of, as another copy of apache-arrow looks from here. */
function foreignCopy(table: arrow.Table): arrow.Table {
  return {
    schema: table.schema,
    batches: table.batches,
    numRows: table.numRows,
    getChildAt: (index: number) => {
      const { data, length, type } = table.getChildAt(index)!;
      return { data, length, type };
    },
  } as unknown as arrow.Table;
}

describe("rows", () => {
  test("are plain objects with their own fields", () => {
    const row = people().at(1);
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    expect({ ...row }).toEqual({ name: "Bob", age: null, city: "Oslo" });
    expect(people().at(-1).name).toBe("Dee");
    expect(() => people().at(4)).toThrow("there is no row 4; the table has 4 rows");
  });

  test("a row looked at in a call can be spread, listed and printed", () => {
    const seen: unknown[] = [];
    people().filter((row) => {
      seen.push({ ...row }, Object.keys(row), inspect(row));
      return false;
    });
    expect(seen.slice(0, 3)).toEqual([
      { name: "Ann", age: 41, city: "Köln" },
      ["name", "age", "city"],
      "{ name: 'Ann', age: 41, city: 'Köln' }",
    ]);
  });

  test("rows of two tables with the same columns are looked at side by side", () => {
    const others = people().sort("age").rename({ name: "city", city: "name" });
    const pairs: unknown[] = [];
    people().filter((row) => {
      others.filter((other) => pairs.push([row.name, row.city, other.name, other.city]) > 0);
      return true;
    });
    const flat = others.rows().map(({ name, city }) => [name, city]);
    expect(pairs).toEqual(
      people()
        .rows()
        .flatMap(({ name, city }) => flat.map((other) => [name, city, ...other])),
    );
  });
});

describe("verbs", () => {
  test("select, drop and rename", () => {
    expect(people().select("city", "name").columns).toEqual(["city", "name"]);
    expect(people().drop("age").columns).toEqual(["name", "city"]);
    expect(people().rename({ city: "town" }).columns).toEqual(["name", "age", "town"]);
    expect(() => people().rename({ city: "name" })).toThrow("two columns would have this name");
  });

  test("a column that is not there: the nearest one", () => {
    expect(() => people().select("nam" as "name")).toThrow(
      'column "nam": there is no such column; did you mean "name"?',
    );
    expect(() => people().sort("zzzzzz" as "name")).toThrow('the columns are "name", "age", "city"');
  });

  test("filter, then filter, then derive see the same rows", () => {
    const dataset = people()
      .filter((row) => row.city !== null)
      .derive({ upper: (row) => row.name.toUpperCase() })
      .filter((row) => row.city === "Köln");
    expect(dataset.rows()).toEqual([
      { name: "Ann", age: 41, city: "Köln", upper: "ANN" },
      { name: "Cid", age: 7, city: "Köln", upper: "CID" },
    ]);
    expect(dataset.table.numRows).toBe(2);
    expect(Dataset.from(dataset.table).rows()).toEqual(dataset.rows());
    expect(dataset.schema[1]).toEqual({ name: "age", type: "integer", nulls: 0 });
  });

  test("nothing changes the table it is called on", () => {
    const dataset = people();
    dataset.sort("age");
    dataset.derive({ age: () => 0 });
    expect(dataset.rows()).toEqual(people().rows());
  });

  test("withColumns adds or replaces", () => {
    const dataset = people().withColumns({ age: [1, 2, 3, 4], row: ["a", "b", "c", "d"] });
    expect(dataset.at(2)).toEqual({ name: "Cid", age: 3, city: "Köln", row: "c" });
    expect(() => people().withColumns({ x: [1] })).toThrow("has 1 values where the table has 4 rows");
  });

  test("slice and head count as arrays do", () => {
    const letters = [..."abcdefgh"];
    const dataset = Dataset.from({ x: letters });
    for (const [start, end] of [
      [2, 5],
      [-3, undefined],
      [0, -2],
      [5, 2],
      [-99, 99],
    ] as const) {
      expect(dataset.slice(start, end).column("x")).toEqual(letters.slice(start, end));
    }
    expect(dataset.head(2).column("x")).toEqual(["a", "b"]);
    expect(dataset.slice(2).slice(1, 3).column("x")).toEqual(["d", "e"]);
  });

  test("sample draws different rows, the same for a seed", () => {
    const dataset = Dataset.from({ x: Array.from({ length: 50 }, (_, i) => i) });
    const drawn = dataset.sample(20, { seed: 3 }).column("x");
    expect(new Set(drawn).size).toBe(20);
    expect(dataset.sample(20, { seed: 3 }).column("x")).toEqual(drawn);
    expect(dataset.sample(20, { seed: 4 }).column("x")).not.toEqual(drawn);
    expect(dataset.sample(500).length).toBe(50);
  });

  test("concat takes columns in any order and widens types", () => {
    const more = Dataset.from([{ city: "Rom", age: 1.5, name: "Eve" }]);
    const both = people().concat(more as never);
    expect(both.at(4)).toEqual({ name: "Eve", age: 1.5, city: "Rom" });
    expect(both.schema[1]!.type).toBe("number");
    expect(people().length).toBe(4);
    expect(() => people().concat([{ name: "x", age: "old", city: "y" }] as never)).toThrow(
      'column "age": is integer in one table and string in the other',
    );
    expect(() => people().concat([{ name: "x" }] as never)).toThrow('column "age": there is no such column');
  });

  test("groupCounts counts combinations, the most frequent first, missing values among them", () => {
    expect(people().groupCounts("city").rows()).toEqual([
      { city: "Köln", count: 2 },
      { city: "Oslo", count: 1 },
      { city: null, count: 1 },
    ]);
    const dataset = Dataset.from({ a: ["x", "x", "y", "x"], b: [1, 2, 1, 1] });
    expect(dataset.groupCounts("a", "b").rows()).toEqual([
      { a: "x", b: 1, count: 2 },
      { a: "x", b: 2, count: 1 },
      { a: "y", b: 1, count: 1 },
    ]);
    expect(
      dataset
        .filter((row) => row.a === "y")
        .groupCounts("a")
        .rows(),
    ).toEqual([{ a: "y", count: 1 }]);
  });

  test("distinct keeps the first row of each", () => {
    const dataset = Dataset.from([
      { a: [1], b: 1 },
      { a: [1], b: 2 },
      { a: [1], b: 1 },
    ]);
    expect(dataset.distinct("a").column("b")).toEqual([1]);
    expect(dataset.distinct().column("b")).toEqual([1, 2]);
  });

  test("inputs are remembered by what is made of the table", () => {
    const dataset = people().inputs("name", "age").rename({ name: "who" });
    expect(dataset.filter(() => true).inputColumns).toEqual(["who", "age"]);
    expect(dataset.drop("age").inputColumns).toEqual(["who"]);
    expect(people().inputColumns).toBeUndefined();
    expect(() => people().inputs("nam" as "name")).toThrow('did you mean "name"?');
  });
});

describe("fingerprint", () => {
  test("is of the content, not of how it is stored", () => {
    const rows = people().rows();
    const dataset = people();
    const same = [
      Dataset.from(rows),
      Dataset.from(dataset.table),
      dataset.filter(() => true),
      dataset.select("city", "age", "name"),
      dataset.sort("name", { descending: true }).sort("name"),
      dataset.slice(0, 2).concat(dataset.slice(2)),
    ];
    for (const each of same) expect(each.fingerprint()).toBe(dataset.fingerprint());
  });

  test("differs with any value, name or order of rows", () => {
    const base = Dataset.from({ a: [1, 2], b: ["x", null] });
    const others = [
      Dataset.from({ a: [2, 1], b: ["x", null] }),
      Dataset.from({ a: [1, 2], c: ["x", null] }),
      Dataset.from({ a: [1, 2], b: ["x", "null"] }),
      Dataset.from({ a: ["1", "2"], b: ["x", null] }),
      Dataset.from({ a: [1, NaN], b: ["x", null] }),
      Dataset.from({ a: [1, null], b: ["x", null] }),
    ];
    expect(new Set([base, ...others].map((each) => each.fingerprint())).size).toBe(7);
  });
});

describe("display", () => {
  const html = (dataset: Dataset) => dataset[display]()["text/html"] as string;

  test("states size, types and missing values, and shows ten rows", () => {
    const dataset = Dataset.from({ x: Array.from({ length: 1234 }, (_, i) => (i % 2 ? i : null)) });
    expect(html(dataset)).toContain("1,234 rows × 1 column, the first 10 shown");
    expect(html(dataset)).toContain("integer · 617 nulls");
    expect(html(dataset).match(/<tr>/g)).toHaveLength(11);
  });

  test("hostile text is text", () => {
    const dataset = Dataset.from([{ "<b>": `<img src=x onerror="alert(1)">`, y: "\u001b[31mred\u202e\n" }]);
    expect(html(dataset)).not.toMatch(/<img|<b>|onerror="/);
    const plain = dataset[display]()["text/plain"] as string;
    expect(plain).toContain("\\u001b[31mred\\u202e\\n");
    expect(plain).not.toContain("\u001b");
    expect(plain.split("\n")).toHaveLength(4);
  });

  test("the same table stands in a terminal, aligned", () => {
    expect(inspect(people())).toBe(
      [
        "Dataset 4 rows × 3 columns",
        "name                age  city",
        "string  integer, 1 null  string, 1 null",
        "Ann                  41  Köln",
        "Bob                null  Oslo",
        "Cid                   7  Köln",
        "Dee                  23  null",
      ].join("\n"),
    );
  });

  test("long text is cut between characters", () => {
    const dataset = Dataset.from([{ x: `${"a".repeat(198)}😀b` }]);
    expect(html(dataset)).toContain(`${"a".repeat(198)}…`);
    expect(html(dataset)).not.toContain("\ud83d");
  });
});

test("JSON of a table is its rows; its IPC bytes are a table again", () => {
  expect(JSON.parse(JSON.stringify(people()))).toEqual(people().rows());
  expect(Dataset.from(arrow.tableFromIPC(people().toIPC())).rows()).toEqual(people().rows());
});
