import { DataFrame, Series } from "danfojs";
import { expect, test } from "vitest";
import { display } from "../../src/core/display.ts";
import { presentation } from "../../src/notebook/presentation.ts";

test("a value that shows itself does so, at once or later", async () => {
  const bundle = { "text/html": "<b>1</b>", "text/plain": "1" };
  expect(await presentation({ [display]: () => bundle })).toEqual(bundle);
  expect(await presentation({ [display]: async () => bundle })).toEqual(bundle);
});

test("a DataFrame of danfojs is shown as a table, its texts escaped", async () => {
  const frame = new DataFrame([["<script>", 1]], { columns: ["text", "n"] });
  const shown = await presentation(frame);
  expect(shown["text/html"]).toContain("<table");
  expect(shown["text/html"]).toContain("&#60;script&#62;");
  expect(shown["text/html"]).not.toContain("<script>");
});

test("a frame whose column mixes types, and a Series, are shown as text", async () => {
  const mixed = new DataFrame([["a"], [1]], { columns: ["x"] });
  expect(Object.keys(await presentation(mixed))).toEqual(["text/plain"]);
  expect(Object.keys(await presentation(new Series([1, 2])))).toEqual(["text/plain"]);
});

test("anything else is what console.log prints", async () => {
  expect(await presentation("two\nlines")).toEqual({ "text/plain": "two\nlines" });
  expect(await presentation({ a: [1] })).toEqual({ "text/plain": "{ a: [ 1 ] }" });
});
