import { afterEach, beforeEach } from "vitest";
import { currentLM } from "../../src/lm/index.ts";
import { plantedModel } from "./planted-task.ts";

/** Makes a new planted model the default of each test of a file; gives the one of the test that runs. */
export function usePlantedModel(): () => ReturnType<typeof plantedModel> {
  let model: ReturnType<typeof plantedModel>;
  beforeEach(() => {
    model = plantedModel();
    currentLM.set(model);
  });
  afterEach(() => currentLM.set(undefined));
  return () => model;
}
