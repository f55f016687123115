import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { LabeledFewShot } from "../../src/optimizers/index.ts";
import { plantedMetric, plantedProgram, plantedRows } from "./planted-task.ts";
import { usePlantedModel } from "./use-planted-model.ts";

usePlantedModel();

describe("rows that are learnt from and chosen by", () => {
  let emitted: MockInstance<typeof process.emitWarning>;
  const warning = () =>
    emitted.mock.calls.map(([text]) => String(text)).filter((text) => text.includes("rows"));
  const compile = (train: Dataset, val?: Dataset) =>
    new LabeledFewShot({ metric: plantedMetric, k: 2 }).compile(plantedProgram(), { train, val });

  beforeEach(() => {
    emitted = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  });
  afterEach(() => void vi.restoreAllMocks());

  test("are warned of once, with how many there are and what to do", async () => {
    const rows = plantedRows(12, 1);
    await compile(rows, rows);
    expect(warning()).toHaveLength(1);
    expect(warning()[0]).toMatch(
      /^12 of 12 validation rows are training rows as well.*Take them out of `train`/,
    );
  });

  test("are known by their content, whatever the order of columns", async () => {
    const train = plantedRows(12, 1);
    const val = Dataset.from([
      ...plantedRows(4, 2).rows(),
      ...train
        .rows()
        .slice(0, 3)
        .map(({ text, label }) => ({ label, text })),
    ]);
    await compile(train, val);
    expect(warning()).toEqual([expect.stringMatching(/^3 of 7 validation rows/)]);
  });

  test("rows apart, and a split of its own, bring no warning", async () => {
    await compile(plantedRows(12, 1), plantedRows(12, 2));
    await compile(Dataset.from([...plantedRows(6, 1).rows(), ...plantedRows(6, 1).rows()]));
    expect(warning()).toEqual([]);
  });
});
