import { Chart, colours, label, layout } from "../chart.ts";
import type { SearchSummary } from "../subject.ts";

/** What each candidate scored on the validation rows, in the order in which they were made. */
export function searchChart({ ranking, candidates }: SearchSummary): Chart {
  const places = new Map(candidates.map((one, index) => [one.id, index]));
  const tried = [...ranking].sort((a, b) => places.get(a.candidate.id)! - places.get(b.candidate.id)!);
  let best = -Infinity;
  const running = tried.map(({ score }) => (best = Math.max(best, score)));
  const at = tried.map((_, index) => index);
  return new Chart(
    "Candidates on the validation rows",
    {
      data: [
        {
          type: "scatter",
          mode: "lines",
          x: at,
          y: running,
          line: { color: colours.after, shape: "hv", width: 2 },
          name: "best so far",
          hoverinfo: "skip",
        },
        {
          type: "scatter",
          mode: "markers",
          x: at,
          y: tried.map(({ score }) => score),
          text: tried.map(({ candidate }) => label(candidate.origin)),
          marker: { color: colours.bad, size: 9 },
          name: "candidate",
          hovertemplate: "%{text}: %{y:.3f}<extra></extra>",
        },
      ],
      layout: layout({
        showlegend: true,
        legend: { orientation: "h", y: 1.12, x: 0 },
        margin: { l: 56, r: 16, t: 28, b: 48 },
        xaxis: { title: { text: "candidate, in the order made" }, dtick: 1, gridcolor: "rgba(128,128,128,0.2)" },
        yaxis: { title: { text: "objective" }, gridcolor: "rgba(128,128,128,0.2)" },
      }),
    },
    `${tried.length} candidates, the best at ${best.toFixed(3)}.`,
  );
}
