import { expect, test } from "vitest";
import { SIMBA } from "../../src/optimizers/index.ts";
import { plantedMetric, plantedProgram, plantedProposer, plantedRows } from "./planted-task.ts";
import { usePlantedModel } from "./use-planted-model.ts";

usePlantedModel();

test("a budget that holds no step is said to be the reason that nothing was tried", async () => {
  const strategy = new SIMBA({ metric: plantedMetric, promptModel: plantedProposer() });
  const found = await strategy.compile(plantedProgram(), {
    train: plantedRows(40, 1),
    val: plantedRows(10, 2),
    budget: { rollouts: 400 },
  });
  expect(found.stopped).toBe(
    "the budget holds no step: one takes 416 rollouts, and 10 to score what it found; allow more, or a smaller minibatch",
  );
  expect(found.used.task.rollouts).toBe(10);
});
