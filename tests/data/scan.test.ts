import { execFile } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { testFolder } from "./folder.ts";

const { file, path } = testFolder();
const csv = (rows: number) =>
  `id,text\n${Array.from({ length: rows }, (_, i) => `${i},"t, ${i}"\n`).join("")}`;

describe("steps", () => {
  test("select, rename, filter, derive, limit and batches", async () => {
    const scan = Dataset.scan(file(csv(100)))
      .filter((row) => (row.id as number) % 2 === 1)
      .derive({ half: (row) => (row.id as number) / 2 })
      .rename({ text: "said" })
      .select("said", "half")
      .limit(5);
    expect(await scan.columns()).toEqual(["said", "half"]);
    expect((await scan.collect()).rows().at(-1)).toEqual({ said: "t, 9", half: 4.5 });
    expect(await scan.count()).toBe(5);
    const sizes: number[] = [];
    for await (const batch of scan.batches(2)) sizes.push(batch.length);
    expect(sizes).toEqual([2, 2, 1]);
  });

  test("a scan can be iterated again, and a step leaves the scan before it alone", async () => {
    const scan = Dataset.scan(file(csv(3)));
    scan.filter(() => false);
    expect(await scan.count()).toBe(3);
    expect(await scan.count()).toBe(3);
  });

  test("an unknown column is named with its nearest", async () => {
    await expect(
      Dataset.scan(file(csv(3)))
        .select("txt")
        .count(),
    ).rejects.toThrow('did you mean "text"?');
    await expect(
      Dataset.scan(file(csv(3)))
        .rename({ txt: "x" })
        .count(),
    ).rejects.toThrow('did you mean "text"?');
  });

  test("limit stops reading", async () => {
    const broken = file(`${csv(20_000)}"unclosed`);
    expect(await Dataset.scan(broken).limit(10).count()).toBe(10);
    await expect(Dataset.scan(broken).count()).rejects.toThrow("no closing quote");
  });
});

describe("map", () => {
  test("keeps the rows' order and its bound on calls under way", async () => {
    let running = 0;
    let most = 0;
    const mapped = Dataset.scan(file(csv(60))).map(
      async (row) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, (row.id as number) % 3));
        running--;
        return { id: row.id, done: true };
      },
      { concurrency: 7 },
    );
    expect((await mapped.collect()).column("id")).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(most).toBe(7);
  });

  test("reads no further than it works", async () => {
    let started = 0;
    const mapped = Dataset.scan(file(csv(5000))).map(
      async (row) => {
        started++;
        return row;
      },
      { concurrency: 4 },
    );
    for await (const row of mapped) if (row.id === 20) break;
    expect(started).toBeLessThan(60);
  });

  test("an error ends it, and nothing is written", async () => {
    const target = path("never/out.jsonl");
    const mapped = Dataset.scan(file(csv(50))).map(async (row) => {
      if (row.id === 30) throw new Error("thirty");
      return row;
    });
    await expect(mapped.write(target)).rejects.toThrow("thirty");
    expect(await readdir(dirname(target))).toEqual([]);
  });
});

describe("types of a CSV scan", () => {
  test("come from the first rows; a later cell that does not fit is named", async () => {
    const text = `${csv(30_000)}x,y\n`;
    await expect(Dataset.scan(file(text)).count()).rejects.toThrow(
      /line 30002, column "id": "x" is not of type integer; to keep the column as text, give types/,
    );
    expect(await Dataset.scan(file(text), { types: { id: "string" } }).count()).toBe(30_001);
  });

  test("agree with those of reading", async () => {
    const source = file("a,b,c\n1,true,007\n,FALSE,x\n");
    expect((await Dataset.scan(source).collect()).rows()).toEqual((await Dataset.read(source)).rows());
  });
});

describe("write", () => {
  test("Parquet and Arrow state types that only the last row decides", async () => {
    const source = file(
      `${Array.from({ length: 6000 }, (_, i) => `{"x":${i}}\n`).join("")}{"x":0.5,"y":["a"]}\n`,
      "jsonl",
    );
    for (const format of ["parquet", "arrow"]) {
      const target = path(`late.${format}`);
      expect(await Dataset.scan(source).write(target)).toEqual({ rows: 6001 });
      const back = await Dataset.read(target);
      expect(back.schema.map(({ type }) => type)).toEqual(["number", "list<string>"]);
      expect([back.at(5), back.at(-1)]).toEqual([
        { x: 5, y: null },
        { x: 0.5, y: ["a"] },
      ]);
    }
  });

  test("a field that CSV has no column for is an error, not a loss", async () => {
    const source = file(
      `${Array.from({ length: 5000 }, (_, i) => `{"x":${i}}\n`).join("")}{"x":1,"y":2}\n`,
      "jsonl",
    );
    await expect(Dataset.scan(source).write(path("lost.csv"))).rejects.toThrow(
      /row 5001, column "y": comes after/,
    );
  });

  test("a scan without rows keeps its columns", async () => {
    for (const format of ["csv", "parquet", "arrow"]) {
      const target = path(`none.${format}`);
      await Dataset.scan(file(csv(5)))
        .filter(() => false)
        .write(target);
      expect((await Dataset.read(target)).columns).toEqual(["id", "text"]);
    }
  });
});

test("the fingerprint follows the file and the steps", async () => {
  const source = file(csv(3));
  const scan = Dataset.scan(source);
  const evens = scan.filter((row) => (row.id as number) % 2 === 0);
  expect(Dataset.scan(source).fingerprint()).toBe(scan.fingerprint());
  expect(evens.fingerprint()).not.toBe(scan.fingerprint());
  expect(scan.limit(2).fingerprint()).not.toBe(scan.limit(3).fingerprint());
  expect(Dataset.scan(file(csv(4))).fingerprint()).not.toBe(scan.fingerprint());
  expect([scan.source, scan.name]).toEqual([source, source.replace(/^.*\/(\d+)\.csv$/, "$1")]);
});

test("200,000 rows pass through a heap that could not hold them", async () => {
  const source = path("large.csv");
  const stream = createWriteStream(source);
  stream.write("id,text,score\n");
  for (let i = 0; i < 200_000; i++) {
    if (!stream.write(`${i},"${"some words, and more ".repeat(20)}${i}",${i / 8}\n`))
      await once(stream, "drain");
  }
  await once(stream.end(), "close");
  const program = `
    const { Dataset } = await import(${JSON.stringify(new URL("../../src/data/index.ts", import.meta.url).href)});
    const scan = Dataset.scan(${JSON.stringify(source)})
      .filter((row) => row.id % 2 === 0)
      .derive({ words: (row) => row.text.split(" ").length })
      .map(async (row) => ({ ...row, note: "n" + row.id }), { concurrency: 16 });
    for (const format of ["jsonl", "parquet"]) {
      console.log(JSON.stringify(await scan.write(${JSON.stringify(path("large."))} + format)));
    }`;
  // Nearly 90 MB of text, in a heap of 64 MB with everything else.
  const flags = [
    "--max-old-space-size=64",
    "--experimental-strip-types",
    "--no-warnings",
    "--input-type=module",
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "-e", program]);
  expect(stdout.trim().split("\n")).toEqual(new Array(2).fill('{"rows":100000}'));
  const first = (await readFile(path("large.jsonl"), "utf8")).split("\n", 2)[1]!;
  expect(JSON.parse(first)).toMatchObject({ id: 2, words: 81, note: "n2" });
});
