import { createRequire } from "node:module";
import type * as Danfo from "danfojs";
import { expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";

const danfo = createRequire(import.meta.url)("danfojs") as typeof Danfo;

test("a DataFrame comes in with its missing values missing", () => {
  const frame = new danfo.DataFrame([
    { text: "a", n: 1.25, flag: true },
    { text: undefined, n: NaN, flag: null },
  ] as never);
  const dataset = Dataset.from(frame as never);
  expect(dataset.rows()).toEqual([
    { text: "a", n: 1.25, flag: true },
    { text: null, n: null, flag: null },
  ]);
});

test("a table goes out with every value, whatever its first row lacks", async () => {
  const rows = [
    { text: null, n: null, big: 2 ** 40, flag: null, tags: ["a"], tiny: 0.1 },
    { text: "b,\n", n: 2, big: 2, flag: false, tags: [], tiny: 1e-12 },
  ];
  const frame = await Dataset.from(rows).toDataFrame();
  expect(frame.shape).toEqual([2, 6]);
  expect(frame.dtypes).toEqual(["string", "float32", "int32", "boolean", "string", "float32"]);
  expect((frame as unknown as Record<string, Danfo.Series>).n!.mean()).toBe(2);
  expect(Dataset.from(frame as never).rows()).toEqual(rows);
});

test("an empty table keeps its columns", async () => {
  const frame = await Dataset.from({ a: [], b: [] }).toDataFrame();
  expect(Dataset.from(frame as never).columns).toEqual(["a", "b"]);
});
