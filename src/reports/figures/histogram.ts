import { type Evaluation, quantile } from "../../evaluate/index.ts";
import { Chart, colours, layout } from "../chart.ts";

/** How the scores of the rows are spread; outages have none. */
export function scoreChart(after: Evaluation, before?: Evaluation): Chart {
  const scores = (evaluation: Evaluation) => values(evaluation, "score");
  const all = scores(after);
  const full = all.filter((score) => score >= 1).length;
  return histogram("Scores of the rows", "score", scores, after, before, `${full} of ${all.length} rows score 1.`, {
    start: 0,
    end: 1.05,
    size: 0.05,
  });
}

/** How long the rows took, in seconds. */
export function latencyChart(after: Evaluation, before?: Evaluation): Chart {
  const seconds = (evaluation: Evaluation) => values(evaluation, "seconds");
  const sorted = Float64Array.from(seconds(after)).sort();
  return histogram(
    "Seconds a row",
    "seconds",
    seconds,
    after,
    before,
    `Half of the rows took at most ${quantile(sorted, 0.5).toFixed(2)} s, 95 % at most ${quantile(sorted, 0.95).toFixed(2)} s.`,
  );
}

/** Rows beyond which a histogram is drawn from an even sample; its shape no longer changes. */
const mostDrawn = 20_000;

function values(evaluation: Evaluation, member: "score" | "seconds"): number[] {
  const every = Math.ceil(evaluation.rows.length / mostDrawn);
  const drawn: number[] = [];
  let place = 0;
  for (const row of evaluation.rows) {
    if (place++ % every === 0 && Number.isFinite(row[member])) drawn.push(Number(row[member].toFixed(4)));
  }
  return drawn;
}

function histogram(
  title: string,
  unit: string,
  read: (evaluation: Evaluation) => number[],
  after: Evaluation,
  before: Evaluation | undefined,
  alternative: string,
  bins?: { start: number; end: number; size: number },
): Chart {
  const compared = before !== undefined && before !== after;
  const trace = (evaluation: Evaluation, name: string, color: string) => ({
    type: "histogram",
    x: read(evaluation),
    name,
    marker: { color },
    opacity: 0.75,
    ...(bins ? { xbins: bins } : { nbinsx: 40 }),
    hovertemplate: `%{x} ${unit}: %{y} rows<extra>${name}</extra>`,
  });
  return new Chart(
    title,
    {
      data: [
        ...(compared ? [trace(before, "before", colours.before)] : []),
        trace(after, compared ? "after" : "rows", colours.after),
      ],
      layout: layout({
        barmode: compared && bins ? "group" : "overlay",
        showlegend: compared,
        legend: { orientation: "h", y: 1.12, x: 0 },
        margin: { l: 56, r: 16, t: 28, b: 48 },
        height: 280,
        xaxis: { title: { text: unit }, rangemode: "tozero", gridcolor: "rgba(128,128,128,0.2)" },
        yaxis: { title: { text: "rows" }, gridcolor: "rgba(128,128,128,0.2)" },
      }),
    },
    alternative,
  );
}
