import type { Evaluation } from "../../evaluate/index.ts";
import { categoriesDown, Chart, label, layout, quantity, versions } from "../chart.ts";
import { clip } from "../words.ts";

/**
 * F1 by class, before beside after where both are given. Undefined where the metric compares no field of few
 * values.
 */
export function perClassChart(after: Evaluation, before?: Evaluation): Chart | undefined {
  const classes = after.confusion?.classes();
  if (!classes) return undefined;
  const drawn = versions(after, before);
  const labels = classes.map((one) => one.label);
  return new Chart(
    "F1 by class",
    {
      data: drawn.map(({ name, color, evaluation }) => {
        const found = new Map(evaluation.confusion?.classes().map((one) => [one.label, one.f1]));
        const f1 = labels.map((one) => found.get(one) ?? 0);
        return {
          type: "bar",
          orientation: "h",
          name,
          y: labels.map((_, index) => index),
          x: f1,
          text: f1.map((value) => value.toFixed(2)),
          customdata: labels.map(label),
          textposition: "outside",
          cliponaxis: false,
          hovertemplate: `%{customdata}: F1 %{x:.3f}<extra>${name}</extra>`,
          marker: { color },
        };
      }),
      layout: {
        ...layout(72 + labels.length * (drawn.length * 20 + 16), drawn.length > 1, {
          xaxis: quantity("F1", { range: [0, 1.08], tickvals: [0, 0.25, 0.5, 0.75, 1] }),
          yaxis: categoriesDown(labels),
        }),
        barmode: "group",
        bargap: 0.35,
      },
    },
    `${classes.map(({ label: name, f1 }) => `${clip(name, 40)} ${f1.toFixed(2)}`).join(", ")}.`,
  );
}
