import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { currentLM } from "../../src/lm/index.ts";
import { everyStrategy } from "./every-strategy.ts";
import { killedTask as task } from "./killed-task.ts";

afterEach(() => currentLM.set(undefined));

const compile = (name: string, frozen: readonly string[], journal?: string) => {
  currentLM.set(task.tickets.model({ weighs: true }));
  const promptModel = task.tickets.proposer();
  const optimizer = everyStrategy[name]!({ metric: task.metric, seed: 3, promptModel, predictor: "route" });
  return optimizer.compile(task.program(), { ...task.splits, budget: { rollouts: 300 }, frozen, journal });
};

describe("a frozen predictor", () => {
  test.each(Object.keys(everyStrategy))("is changed by no candidate of %s, the others are", async (name) => {
    const { candidates } = await compile(name, ["name"]);
    const paths = new Set(candidates.flatMap(({ edits }) => Object.keys(edits)));
    expect([...paths]).toEqual(["route"]);
  });

  test("that is not there, or the last one, is refused", async () => {
    await expect(compile("GEPA", ["nam"])).rejects.toThrow(
      'no predictor at "nam" to freeze; the program has: name, route',
    );
    await expect(compile("GEPA", ["name", "route"])).rejects.toThrow("all predictors are frozen");
  });

  test("makes another study: a journal without it is refused", async () => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-frozen-")), "study.jsonl");
    await compile("LabeledFewShot", [], journal);
    await expect(compile("LabeledFewShot", ["name"], journal)).rejects.toThrow("differs: frozen");
  });
});
