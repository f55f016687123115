import type { Evaluation } from "../../evaluate/index.ts";
import { Chart, colours, label, layout } from "../chart.ts";

/** F1 by class, before beside after where both are given. */
export function perClassChart(after: Evaluation, before?: Evaluation): Chart | undefined {
  const classes = after.confusion?.classes();
  if (!classes) return undefined;
  const trace = (evaluation: Evaluation, name: string, color: string) => {
    const figures = new Map(evaluation.confusion?.classes().map((one) => [one.label, one]));
    return {
      type: "bar",
      orientation: "h",
      name,
      y: classes.map((one) => label(one.label)),
      x: classes.map((one) => figures.get(one.label)?.f1 ?? 0),
      text: classes.map((one) => (figures.get(one.label)?.f1 ?? 0).toFixed(2)),
      hovertemplate: `%{y}: F1 %{x:.3f}<extra>${name}</extra>`,
      marker: { color },
    };
  };
  const compared = before !== undefined && before !== after;
  return new Chart(
    "F1 by class",
    {
      data: [
        ...(compared ? [trace(before, "before", colours.before)] : []),
        trace(after, compared ? "after" : "F1", colours.after),
      ],
      layout: layout({
        barmode: "group",
        showlegend: compared,
        legend: { orientation: "h", y: 1.12, x: 0 },
        margin: { l: 56, r: 16, t: 28, b: 40 },
        height: Math.max(180, 60 + classes.length * (compared ? 56 : 38)),
        xaxis: { range: [0, 1], title: { text: "F1" }, gridcolor: "rgba(128,128,128,0.2)" },
        yaxis: { automargin: true, type: "category", autorange: "reversed" },
      }),
    },
    classes.map(({ label: name, f1 }) => `${name} ${f1.toFixed(2)}`).join(", "),
  );
}
