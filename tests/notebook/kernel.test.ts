import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Cell,
  noNotebooks,
  type NotebookRun,
  readNotebook,
  runNotebook,
  writeNotebook,
} from "../support/notebook.ts";

if (noNotebooks) console.info(`skipped: ${noNotebooks}`);

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmframe-notebook-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const run = (cells: Parameters<typeof writeNotebook>[1], at = folder): Promise<NotebookRun> =>
  runNotebook(writeNotebook(join(at, `${++made}.ipynb`), cells));

const result = (cell: Cell | undefined) =>
  cell?.outputs?.find(({ output_type }) => output_type === "execute_result")?.data;
const failure = (cell: Cell | undefined) => cell?.outputs?.find(({ output_type }) => output_type === "error");

describe.skipIf(noNotebooks)("a notebook that runs", () => {
  let ran: NotebookRun;

  beforeAll(async () => {
    ran = await run([
      `const shown = { [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>&lt;i&gt;</b>", "text/plain": "i" }) };
shown`,
      `console.log("said"); [1, 2].findLast((x) => x > 1)`,
      `"two\\nlines"`,
      `null`,
      `import { AsyncLocalStorage } from "node:async_hooks";
const store = new AsyncLocalStorage<string>();
let go = () => {};
const gate = new Promise<void>((resolve) => { go = resolve; });
const later = store.run("of the first cell", async () => { await gate; return store.getStore(); });
await store.run("inside", async () => { await null; return store.getStore(); })`,
      `go(); await later`,
      `import * as tslab from "tslab";
const place = tslab.newDisplay();
place.html("first"); place.html("last");`,
      `import { channel } from "node:diagnostics_channel";
const updates = channel("lmframe:progress");
const base = { label: "Mapping <img src=x onerror=alert(1)>", total: 2000, startedAt: Date.now(), facts: { best: 0.5 } };
for (let done = 1; done <= 2000; done++) updates.publish({ ...base, id: 1, done, ended: false });
updates.publish({ ...base, id: 1, done: 2000, ended: true });`,
      `import { sep } from "node:path";
const one = 1; let two = 2; class Three {}`,
      `const four = 4;
({ two = 5 } = { two: 6 });
[{ one, two, four, Three, sep }, ((two: string) => ({ two }))("its own")]`,
      `for (let line = 1; line <= 3000; line++) console.log(line)`,
      `process.emitWarning("mind the gap"); process.emitWarning("new", "ExperimentalWarning");`,
      `const live = channel("lmframe:live");
for (const text of ["first", "last"]) live.publish({ id: "one", bundle: { "text/plain": text } });
live.publish({ id: "other", bundle: { "text/plain": "beside" } });`,
    ]);
  });

  test("ends without an error, its cells numbered", () => {
    expect(ran.error).toBeNull();
    expect(ran.notebook.cells.map((cell) => cell.execution_count)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    ]);
    expect(ran.notebook.metadata.kernelspec).toMatchObject({ name: "lmframe", language: "typescript" });
  });

  test("shows a last value by its own bundle", () => {
    expect(result(ran.notebook.cells[0])).toEqual({ "text/html": "<b>&lt;i&gt;</b>", "text/plain": "i" });
  });

  test("shows any other as console.log would, and nothing for null", () => {
    expect(result(ran.notebook.cells[1])).toEqual({ "text/plain": "2" });
    expect(ran.notebook.cells[1]?.outputs?.[0]).toMatchObject({ name: "stdout", text: "said\n" });
    expect(result(ran.notebook.cells[2])).toEqual({ "text/plain": "two\nlines" });
    expect(ran.notebook.cells[3]?.outputs).toEqual([]);
  });

  test("loses no message, however many come at once", () => {
    const lines = ran.notebook.cells[10]?.outputs
      ?.map(({ text }) => text)
      .join("")
      .trim()
      .split("\n");
    expect(lines).toEqual(Array.from({ length: 3000 }, (_, line) => String(line + 1)));
  });

  test("shows a warning without the number of its process", () => {
    expect(ran.notebook.cells[11]?.outputs).toMatchObject([
      { name: "stderr", text: "Warning: mind the gap\n" },
    ]);
  });

  test("reads the variables of earlier cells in shorthand, and none of its own as one of theirs", () => {
    expect(result(ran.notebook.cells[9])?.["text/plain"]).toBe(
      "[\n  { one: 1, two: 6, four: 4, Three: [class Three], sep: '/' },\n  { two: 'its own' }\n]",
    );
  });

  test("keeps asynchronous context across awaits and cells", () => {
    expect(result(ran.notebook.cells[4])).toEqual({ "text/plain": "inside" });
    expect(result(ran.notebook.cells[5])).toEqual({ "text/plain": "of the first cell" });
  });

  test("updates a display of tslab in place", () => {
    expect(ran.notebook.cells[6]?.outputs?.map(({ data }) => data)).toEqual([{ "text/html": "last" }]);
  });

  test("shows what is live in a place of its own, as its last state", () => {
    const outputs = ran.notebook.cells[12]?.outputs ?? [];
    expect(outputs.map(({ data }) => data)).toEqual([{ "text/plain": "last" }, { "text/plain": "beside" }]);
  });

  test("shows progress in one place, as its last state, escaped", () => {
    const outputs = ran.notebook.cells[7]?.outputs ?? [];
    expect(outputs).toHaveLength(1);
    expect(outputs[0]?.metadata).toEqual({ lmframe: { progress: true } });
    expect(outputs[0]?.data?.["text/plain"]).toMatch(/^Mapping .* 2000\/2000 · best 0\.5 · in /);
    expect(outputs[0]?.data?.["text/html"]).toContain("&#60;img");
    expect(outputs[0]?.data?.["text/html"]).not.toMatch(/<img|<progress/);
  });
});

describe.skipIf(noNotebooks)("a cell that fails", () => {
  const fails = (source: string) => ({ source, fails: true });
  let ran: NotebookRun;
  const failureOf = (cell: number) => failure(ran.notebook.cells[cell]);

  beforeAll(async () => {
    ran = await run([
      `function risky(x: number): number {
  // one more line, which the compiler may drop
  if (x > 1) throw new RangeError("too large: " + x, { cause: new TypeError("at the root") });
  return x;
}`,
      fails(`const base = await Promise.resolve(1);
[base, base + 1].map((x) => risky(x));`),
      fails(`const name: string = "a";\nlet other: string = null;`),
      fails(`async function stray() { await null; await null; throw new Error("lost"); }\nvoid stray();`),
      `setTimeout(() => void Promise.reject(new Error("late")), 300); "well"`,
      fails(`await new Promise((resolve) => setTimeout(resolve, 600)); "shown all the same"`),
      fails(`({ [Symbol.for("Jupyter.display")]() { throw new Error("cannot be drawn"); } })`),
      fails(`throw "a bare string"`),
      `setTimeout(() => { throw new Error("at the very end"); }, 50); "the last"`,
    ]);
  });

  test("by an error it throws: name, message, and the lines of the notebook it came through", () => {
    expect(failureOf(1)).toMatchObject({ ename: "RangeError", evalue: "too large: 2" });
    const traceback = failureOf(1)!.traceback!.join("\n");
    expect(traceback).toContain("at risky (cell 1, line 3: if (x > 1) throw");
    expect(traceback).toContain("cell 2, line 2: [base, base + 1]");
    expect(traceback).toContain("caused by TypeError: at the root");
    expect(traceback).not.toMatch(/node:|tslab/);
  });

  test("by null where a value is needed", () => {
    expect(failureOf(2)?.traceback).toEqual([
      "line 2:5 - Type 'null' is not assignable to type 'string'.",
      "    let other: string = null;",
      "        ~~~~~",
    ]);
  });

  test("by a promise that nothing awaits", () => {
    expect(failureOf(3)).toMatchObject({ ename: "Error", evalue: "lost" });
  });

  test("by what an earlier cell left behind", () => {
    expect(result(ran.notebook.cells[4])).toEqual({ "text/plain": "well" });
    expect(result(ran.notebook.cells[5])).toEqual({ "text/plain": "shown all the same" });
    expect(failureOf(5)).toMatchObject({ evalue: "late" });
  });

  test("by how its value shows itself, and by what is no error", () => {
    expect(failureOf(6)).toMatchObject({ evalue: "cannot be drawn" });
    expect(failureOf(7)).toMatchObject({ ename: "Thrown", evalue: "'a bare string'" });
  });

  test("does not stop the next one from running", () => {
    expect(result(ran.notebook.cells[8])).toEqual({ "text/plain": "the last" });
  });

  test("fails the run, even after the last cell", () => {
    expect(ran.error).toMatchObject({ name: "Error", message: "at the very end" });
  });

  test("ends a run that did not expect it", async () => {
    const { error, notebook } = await run([`throw new RangeError("here")`, `"never"`]);
    expect(error).toMatchObject({ name: "RangeError", message: "here" });
    expect(notebook.cells[1]?.execution_count).toBeNull();
  });
});

describe.skipIf(noNotebooks)("a notebook that is committed", () => {
  test("keeps its outputs, without paths, ports and times", async () => {
    const path = writeNotebook(join(folder, "committed.ipynb"), [
      `import { homedir } from "node:os";
console.log(homedir() + "/a.txt http://127.0.0.1:51234/#/experiments");
${JSON.stringify(root)} + "/reports/a.html"`,
      `import { channel } from "node:diagnostics_channel";
channel("lmframe:progress").publish(
  { id: 1, label: "Mapping", total: 2, done: 2, startedAt: Date.now() - 74_000, ended: true, facts: { in: "2 s" } });`,
    ]);
    const { error } = await runNotebook(path, { inPlace: true });
    expect(error).toBeNull();
    const { cells } = readNotebook(path);
    expect(cells).toHaveLength(2);
    expect(cells[0]?.outputs?.[0]?.text).toBe("~/a.txt http://127.0.0.1/#/experiments\n");
    expect(result(cells[0])).toEqual({ "text/plain": "./reports/a.html" });
    expect(cells[1]?.outputs?.[0]?.data?.["text/plain"]).toBe("Mapping 2/2 · in 2 s");
    expect(cells[1]?.outputs?.[0]?.data?.["text/html"]).not.toContain("1 min");
  });
});

describe.skipIf(noNotebooks)("packages", () => {
  test("that are ES modules load in a cell, typed by their exports, from inside themselves too, and files appear beside them", async () => {
    const home = join(folder, "local-package");
    mkdirSync(join(home, "dist"), { recursive: true });
    mkdirSync(join(home, "notebooks"));
    symlinkSync(join(root, "node_modules"), join(home, "node_modules"), "dir");
    writeFileSync(
      join(home, "package.json"),
      JSON.stringify({
        name: "local-package",
        type: "module",
        exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
      }),
    );
    writeFileSync(join(home, "dist/index.js"), `export { greet } from "./greet.js";`);
    writeFileSync(join(home, "dist/index.d.ts"), `export { greet } from "./greet.ts";`);
    writeFileSync(join(home, "dist/greet.js"), "export const greet = (name) => `hello ${name}`;");
    writeFileSync(join(home, "dist/greet.d.ts"), "export declare const greet: (name: 'a' | 'b') => string;");

    const { error, notebook } = await run(
      [`import { greet } from "local-package";\ngreet("a")`, `greet("c")`],
      join(home, "notebooks"),
    );
    expect(notebook.cells[0]?.outputs).toEqual([
      expect.objectContaining({ output_type: "execute_result", data: { "text/plain": "hello a" } }),
    ]);
    expect(error?.message).toContain(`Argument of type '"c"' is not assignable`);

    const written = await run(
      [
        `import { greet } from "local-package";\nimport { renameSync, writeFileSync } from "node:fs";`,
        `writeFileSync("saved.part", "{}"); renameSync("saved.part", "saved.json");`,
        `await new Promise((resolve) => setTimeout(resolve, 500));`,
        `greet("b")`,
      ],
      join(home, "notebooks"),
    );
    expect(written.error).toBeNull();
    expect(result(written.notebook.cells[3])).toEqual({ "text/plain": "hello b" });
  });
});
