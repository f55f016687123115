import type { Evaluation } from "../../evaluate/index.ts";
import { Chart, label, layout } from "../chart.ts";

/**
 * Expected labels (rows) against predicted ones (columns). Shade is the share of the expected label's rows, the
 * number their count. Undefined where the metric compares no field of few values.
 */
export function confusionChart(evaluation: Evaluation): Chart | undefined {
  const { confusion } = evaluation;
  if (!confusion) return undefined;
  const { labels } = confusion;
  const expected = confusion.classes().map((one) => one.label);
  const counts = expected.map((row) => labels.map((column) => confusion.count(row, column)));
  const shares = counts.map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => count / total);
  });
  const wrong = expected.flatMap((row, y) =>
    labels.flatMap((column, x) => (row === column ? [] : [{ row, column, count: counts[y]![x]! }])),
  );
  const worst = wrong.sort((a, b) => b.count - a.count)[0];
  return new Chart(
    "Expected against predicted",
    {
      data: [
        {
          type: "heatmap",
          x: labels.map(label),
          y: expected.map(label),
          z: shares,
          text: counts.map((row) => row.map(String)),
          texttemplate: "%{text}",
          hovertemplate: "expected %{y}<br>predicted %{x}<br>%{text} rows, %{z:.0%} of the expected<extra></extra>",
          colorscale: [
            [0, "rgba(0,114,178,0.04)"],
            [1, "rgba(0,114,178,0.85)"],
          ],
          zmin: 0,
          zmax: 1,
          showscale: false,
          xgap: 2,
          ygap: 2,
        },
      ],
      layout: layout({
        xaxis: { title: { text: "predicted" }, type: "category", automargin: true, showgrid: false },
        yaxis: { title: { text: "expected" }, type: "category", automargin: true, autorange: "reversed", showgrid: false },
      }),
    },
    worst && worst.count > 0
      ? `Most often confused: ${worst.count} rows that are ${worst.row} were said to be ${worst.column}.`
      : "No label was confused with another.",
  );
}
