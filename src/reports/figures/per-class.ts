import type { Evaluation } from "../../evaluate/index.ts";
import { type Chart, versions } from "../chart.ts";
import { clip } from "../words.ts";
import { barChart } from "./bars.ts";

/**
 * F1 by class, before beside after where both are given. Undefined where the metric compares no field of few
 * values.
 */
export function perClassChart(after: Evaluation, before?: Evaluation): Chart | undefined {
  const classes = after.confusion?.classes();
  if (!classes) return undefined;
  const labels = classes.map((one) => one.label);
  return barChart({
    title: "F1 by class",
    unit: "F1",
    names: labels,
    series: versions(after, before).map(({ name, color, evaluation }) => {
      const found = new Map(evaluation.confusion?.classes().map((one) => [one.label, one.f1]));
      return { name, color, values: labels.map((one) => found.get(one) ?? 0) };
    }),
    shares: true,
    alternative: `${classes.map(({ label: name, f1 }) => `${clip(name, 40)} ${f1.toFixed(2)}`).join(", ")}.`,
  });
}
