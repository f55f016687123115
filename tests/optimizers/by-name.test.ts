import { afterEach, describe, expect, test } from "vitest";
import { currentLM } from "../../src/lm/index.ts";
import { optimizerByName, optimizerNames } from "../../src/optimizers/index.ts";
import { plantedMetric, plantedModel, plantedProgram, plantedRows } from "./planted-task.ts";

afterEach(() => currentLM.set(undefined));

describe("optimizers by name", () => {
  // The planted model cannot write instructions: a strategy that asks for them gets replies it cannot read.
  test.each(optimizerNames)("%s ends within a budget, and never makes the program worse", async (name) => {
    currentLM.set(plantedModel());
    const optimizer = optimizerByName(name)!({ metric: plantedMetric, seed: 2 });
    const { before, after, used } = await optimizer.compile(plantedProgram(), {
      train: plantedRows(12, 1),
      val: plantedRows(20, 2),
      budget: { rollouts: 300 },
    });
    expect(after).toBeGreaterThanOrEqual(before);
    expect(used.task.rollouts).toBeLessThanOrEqual(300);
  });

  test("the three that write instructions are among them, and what is not there is not made up", () => {
    expect(optimizerNames).toEqual(expect.arrayContaining(["gepa", "miprov2", "copro"]));
    expect(optimizerByName("toString")).toBeUndefined();
  });
});
