import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { classify, labelMatch } from "../../src/applications/index.ts";
import { UnreachableError } from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { currentLM, FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import { loadProgram } from "../../src/modules/index.ts";
import { LabeledFewShot } from "../../src/optimizers/index.ts";

let asked: LMRequest[] = [];
const answering = (reply: (text: string, request: LMRequest) => string) =>
  new FunctionModel(
    (request) => {
      asked.push(request);
      return reply(JSON.stringify(request.messages.at(-1)!.content), request);
    },
    { abilities: { jsonSchema: true } },
  );
beforeEach(() => {
  asked = [];
});
afterEach(() => currentLM.set(undefined));

/** Rows whose text holds the number of their label. */
const rowsOf = (labels: readonly unknown[], count = 40) =>
  Array.from({ length: count }, (_, index) => ({
    text: `row ${index} is of kind <${index % labels.length}>`,
    label: labels[index % labels.length],
  }));
const kind = (text: string) => Number(/kind <(\d+)>/.exec(text)![1]);

describe("labels", () => {
  const odd = [
    `it's`,
    `"quoted"`,
    `both ' and "`,
    "a\\b",
    "a\nb",
    "\u0001",
    "C",
    "C++",
    "c#",
    "été, 日本 ]",
    " x",
  ];

  test("of any characters reach the model, come back, and are saved", async () => {
    currentLM.set(answering((text) => JSON.stringify({ label: odd[kind(text)] })));
    const { before, labels, program } = await classify(rowsOf(odd, 110), { text: "text", label: "label" });
    expect([...labels].sort()).toEqual([...odd].sort());
    expect(before).toMatchObject({ score: 1, unreadable: 0, errors: 0 });
    expect(asked[0]!.responseFormat).toMatchObject({
      schema: { properties: { label: { enum: expect.arrayContaining(odd) } } },
    });

    const folder = mkdtempSync(join(tmpdir(), "lmframe classification "));
    await program.save(join(folder, "program.json"));
    const loaded = await loadProgram(join(folder, "program.json"));
    rmSync(folder, { recursive: true });
    expect(loaded.signature.field("label").type).toEqual(program.signature.field("label").type);
  });

  test("that differ only in their marks are not taken for each other", async () => {
    currentLM.set(answering(() => '{"label": "C++"}'));
    const { before } = await classify(rowsOf(["C", "C++"]), { text: "text", label: "label" });
    expect(before.score).toBe(0.5);
    expect(labelMatch("label")({ label: "C" }, { label: "C++" }, { trace: [] })).toEqual({
      score: false,
      feedback: 'expected "C", got "C++"',
    });
  });

  test("that are numbers or booleans are names, in the examples shown as well", async () => {
    for (const values of [
      [1, 2, 5],
      [true, false],
    ]) {
      currentLM.set(answering((text) => JSON.stringify({ label: String(values[kind(text)]) })));
      const { before, labels, after } = await classify(rowsOf(values), {
        text: "text",
        label: "label",
        optimizer: (options) => new LabeledFewShot(options),
      });
      expect(labels).toEqual(values.map(String).sort());
      expect([before.score, after.score]).toEqual([1, 1]);
      const demo = asked.flatMap(({ messages }) => messages).find(({ role }) => role === "assistant");
      expect(JSON.parse(demo!.content as string).label).toBeTypeOf("string");
    }
  });

  test.for([
    { labels: ["only"], says: /found 1 different labels in 40 rows, expected 2 to 50/ },
    { labels: Array.from({ length: 60 }, (_, n) => `free text ${n}`), says: /found 60 different labels/ },
    { labels: [["a"], ["b"]], says: /found a label that is neither text nor number nor boolean: \["a"\]/ },
  ])("$labels are none", async ({ labels, says }) => {
    const rows = rowsOf(labels, Math.max(40, labels.length));
    await expect(classify(rows, { text: "text", label: "label" })).rejects.toThrow(says);
  });
});

describe("columns", () => {
  test("whose names no field can have are renamed", async () => {
    currentLM.set(
      answering((text) => JSON.stringify({ "2nd_label": "", _2nd_label: kind(text) ? "b" : "a" })),
    );
    const rows = rowsOf(["a", "b"]).map(({ text, label }) => ({
      "Customer text": text,
      "2nd label": label,
      id: 1,
    }));
    const { program, before } = await classify(rows, { text: "Customer text", label: "2nd label" });
    expect(program.signature.toString()).toContain("Customer_text -> _2nd_label: Literal['a', 'b']");
    expect(before.score).toBe(1);
    expect(Object.keys([...before.rows][0]!.row)).toEqual(["Customer_text", "_2nd_label", "id"]);

    const foreign = rowsOf(["a", "b"]).map(({ text, label }) => ({ 本文: text, 分類: label }));
    currentLM.set(answering((text) => JSON.stringify({ label: kind(text) ? "b" : "a" })));
    expect((await classify(foreign, { text: "本文", label: "分類" })).before.score).toBe(1);
  });

  test("that are not there, or whose names would clash, are named", async () => {
    const rows = rowsOf(["a", "b"]).map((row) => ({ ...row, "text!": "", text_: "" }));
    await expect(classify(rows, { text: "txt", label: "label" })).rejects.toThrow(
      /"txt".*did you mean "text"/,
    );
    await expect(classify(rows, { text: "text!", label: "label" })).rejects.toThrow(
      /column "text!": is to be the field "text_", but there is another of that name/,
    );
    await expect(classify(rows, { text: "text", label: "text" })).rejects.toThrow(
      /both the text and the label/,
    );
  });
});

test("rows without a text or a label are left out and counted", async () => {
  currentLM.set(answering(() => '{"label": "a"}'));
  const empty = [
    { text: null, label: "a" },
    { text: " \n", label: "b" },
    { text: "no label", label: "" },
  ];
  const { dropped, rows } = await classify(Dataset.from([...rowsOf(["a", "b"], 20), ...empty]), {
    text: "text",
    label: "label",
  });
  expect(dropped).toBe(3);
  expect(rows.train + rows.val + rows.test).toBe(20);
  await expect(classify(rowsOf(["a", "b"], 9), { text: "text", label: "label" })).rejects.toThrow(
    /found 9 rows with a text and a label, expected at least 10/,
  );
});

test("no row is in two parts, and the same seed draws the same", async () => {
  currentLM.set(answering((text) => JSON.stringify({ label: kind(text) ? "b" : "a" })));
  const run = async (seed: number) => {
    const { before, optimization } = await classify(rowsOf(["a", "b"], 60), {
      text: "text",
      label: "label",
      limit: 30,
      seed,
      optimizer: (options) => new LabeledFewShot(options),
    });
    const tested = [...before.rows].map(({ row }) => row.text as string);
    const shown = optimization!.ranking.flatMap(({ candidate }) =>
      (candidate.edits.self?.demos ?? []).map(({ text }) => text as string),
    );
    return { tested, shown };
  };
  const [first, second, other] = [await run(3), await run(3), await run(4)];
  expect(first).toEqual(second);
  expect(first.tested).not.toEqual(other.tested);
  expect(first.tested).toHaveLength(9);
  expect(first.shown.length).toBeGreaterThan(0);
  expect(first.tested.filter((text) => first.shown.includes(text))).toEqual([]);
});

describe("where nothing answers", () => {
  test("it stops before anything is optimised", async () => {
    const dead = new FunctionModel(() => {
      throw new UnreachableError("nobody there");
    });
    currentLM.set(dead);
    let optimized = false;
    const outcome = classify(rowsOf(["a", "b"], 200), {
      text: "text",
      label: "label",
      optimizer: (options) => {
        optimized = true;
        return new LabeledFewShot(options);
      },
    });
    await expect(outcome).rejects.toThrow(
      /could not be scored: stopped by 20 outages in a row.*nobody there/,
    );
    expect(optimized).toBe(false);
  });

  test("an abort is thrown as it was given", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    currentLM.set(
      answering(() => {
        controller.abort(reason);
        return '{"label": "a"}';
      }),
    );
    const { signal } = controller;
    await expect(classify(rowsOf(["a", "b"]), { text: "text", label: "label", signal })).rejects.toBe(reason);
  });
});
