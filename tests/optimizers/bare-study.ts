import type { Dataset } from "../../src/data/index.ts";
import type { Metric } from "../../src/metrics/index.ts";
import type { Module } from "../../src/modules/index.ts";
import { Study } from "../../src/optimizers/index.ts";

/** A study of one set of rows, by which no strategy works. */
export function bareStudy(
  program: Module,
  rows: Dataset,
  metric: Metric<object, object>,
  settings: { maxDemoTokens?: number } = {},
): Study {
  return new Study({
    name: "test",
    program,
    train: rows,
    val: rows,
    metric: metric,
    seed: 1,
    concurrency: 1,
    budget: {},
    models: {},
    maxOutages: 1,
    ...settings,
  });
}
