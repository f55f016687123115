import { Chart, colours, label, layout, quantity } from "../chart.ts";
import type { SearchSummary } from "../subject.ts";
import { count, score } from "../words.ts";

/** What each candidate scored on the validation rows, in the order in which they were made. */
export function searchChart({ ranking, candidates }: SearchSummary): Chart {
  const places = new Map(candidates.map((one, index) => [one.id, index]));
  const tried = [...ranking].sort((a, b) => places.get(a.candidate.id)! - places.get(b.candidate.id)!);
  let best = -Infinity;
  const running = tried.map((one) => (best = Math.max(best, one.score)));
  const at = tried.map((_, index) => index + 1);
  return new Chart(
    "Candidates on the validation rows",
    {
      data: [
        {
          type: "scatter",
          mode: "lines",
          name: "best so far",
          x: at,
          y: running,
          line: { color: colours.after, shape: "hv", width: 2 },
          hoverinfo: "skip",
        },
        {
          type: "scatter",
          mode: "markers",
          name: "candidate",
          x: at,
          y: tried.map((one) => one.score),
          text: tried.map(({ candidate }) => label(candidate.origin)),
          marker: { color: colours.candidate, size: 9 },
          hovertemplate: "%{text}: %{y:.3f}<extra></extra>",
        },
      ],
      layout: layout(240, true, {
        xaxis: quantity("candidate, in the order made", {
          tickformat: "d",
          nticks: Math.min(tried.length + 1, 12),
        }),
        yaxis: quantity("objective", { nticks: 6 }),
      }),
    },
    `${count(tried.length, "candidate")}, the best at ${score(tried.length === 0 ? NaN : best)}.`,
  );
}
