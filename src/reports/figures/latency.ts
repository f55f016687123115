import { type Evaluation, quantile } from "../../evaluate/index.ts";
import { Chart, versions } from "../chart.ts";
import { duration } from "../words.ts";
import { histogram } from "./histogram.ts";

/** How long the rows took; the slowest hundredth is counted at the edge where it lies far from the others. */
export function latencyChart(after: Evaluation, before?: Evaluation): Chart {
  const drawn = versions(after, before);
  const { p50, p95 } = after.latency;
  const sorted = Float64Array.from(drawn.flatMap(({ evaluation }) => seconds(evaluation))).sort();
  const [slow, slowest] = [quantile(sorted, 0.99), quantile(sorted, 1)];
  const cut = slowest > 2 * slow;
  const [unit, scale] = slow < 1 ? ["milliseconds", 1000] : ["seconds", 1];
  return histogram(drawn, {
    title: "Time a row took",
    unit: cut ? `${unit}, and beyond` : unit,
    values: (evaluation) => seconds(evaluation).map((value) => value * scale),
    ...(cut && { most: slow * scale }),
    alternative: `Half of the rows took at most ${duration(p50)}, 95 % at most ${duration(p95)}; the slowest of all ${duration(slowest)}.`,
  });
}

function seconds(evaluation: Evaluation): number[] {
  return Array.from(evaluation.rows, (row) => row.seconds);
}
