import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { evaluate } from "../../src/evaluate/index.ts";
import { currentLM, FunctionModel } from "../../src/lm/index.ts";
import { loadProgram, Predict } from "../../src/modules/index.ts";
import { KNNFewShot, Neighbours } from "../../src/optimizers/index.ts";
import { seedsOfTen } from "./planted-task.ts";
import { plantedTasks } from "./planted-tasks.ts";
import { Triage } from "./planted-tickets.ts";
import { wordsEmbedder as embedder } from "./words-embedder.ts";

let prompts: string[];
const shown = new FunctionModel(({ messages }) => {
  prompts.push(messages.map(({ content }) => content as string).join("\n"));
  return JSON.stringify({ label: "billing", topic: "invoice" });
});
beforeEach(() => {
  prompts = [];
});
afterEach(() => currentLM.set(undefined));

const rows = ["apple pie", "apple tart", "cherry cake"].map((text) => ({ text, label: "billing" }));
const nearest = (k: number) =>
  new Predict("text -> label", { extensions: { neighbours: new Neighbours(k, rows, embedder) } });

describe("KNNFewShot", () => {
  test("shows the example that must be shown, for 9 seeds of 10", async () => {
    const { task } = plantedTasks["one example"];
    const reached = await seedsOfTen(async (seed) => {
      currentLM.set(task.model());
      const found = await new KNNFewShot({ metric: task.metric, seed, embedder, k: 2 }).compile(
        task.program(),
        {
          train: task.rows(100, 1000 + seed),
          val: task.rows(40, 2000 + seed),
        },
      );
      expect(found.used.task.rollouts).toBe(80);
      const test = await evaluate(found.program, task.rows(100, 3000 + seed), task.metric);
      return test.score >= 0.84;
    });
    expect(reached).toBeGreaterThanOrEqual(9);
  });

  test("gives a step whose outputs no row holds what it did itself in good runs", async () => {
    const { task } = plantedTasks["two predictors"];
    currentLM.set(task.model());
    const found = await new KNNFewShot({ metric: task.metric, embedder }).compile(new Triage(), {
      train: task.rows(40, 1),
      val: task.rows(20, 2),
    });
    const made = found.candidates.find(({ origin }) => origin === "neighbours")!;
    const rowsOf = (path: string) => (made.edits[path]!.extensions!.neighbours as Neighbours).state.rows;
    expect(rowsOf("route")).toHaveLength(40);
    expect(rowsOf("name").length).toBeGreaterThan(5);
    expect(rowsOf("name").every(({ topic }) => typeof topic === "string")).toBe(true);
  });
});

describe("neighbours", () => {
  test("are the nearest, the nearest last, and never the row that is asked", async () => {
    currentLM.set(shown);
    await nearest(2).call({ text: "apple strudel cherry" });
    await nearest(3).call({ text: "apple pie" });
    expect(prompts[0]!.match(/apple pie|apple tart|cherry cake/g)).toHaveLength(2);
    expect(prompts[1]!.match(/apple pie/g)).toHaveLength(1);
    expect(prompts[1]!.indexOf("cherry cake")).toBeLessThan(prompts[1]!.indexOf("apple tart"));
  });

  test("are saved with the program, and read with the embedder they were found by", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "lmframe-knn-")), "program.json");
    await nearest(2).save(path);
    await expect(loadProgram(path)).rejects.toThrow("words of five letters");
    const loaded = await loadProgram(path, { neighbours: Neighbours.reader(embedder) });
    currentLM.set(shown);
    await loaded.call({ text: "cherry tart" });
    await nearest(2).call({ text: "cherry tart" });
    expect(prompts[0]).toBe(prompts[1]);
  });

  test("stand around a calibration, so that it weighs what is shown", async () => {
    currentLM.set(shown);
    const calibration = { name: "calibration", version: 1, toJSON: () => ({}) };
    const seen: number[] = [];
    const program = new Predict("text -> label: Literal['billing', 'delivery']", {
      extensions: {
        calibration: {
          ...calibration,
          around: (call, next) => {
            seen.push(call.demos.length);
            return next(call);
          },
        },
        neighbours: new Neighbours(3, rows, embedder),
      },
    });
    await program.call({ text: "such a grommet" });
    expect(seen).toEqual([3]);
  });
});
