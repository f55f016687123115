import type { Evaluation } from "../../evaluate/index.ts";
import { Chart, layout, quantity, type Version } from "../chart.ts";

const bins = 30;

/** What a histogram is of. */
interface HistogramOptions {
  title: string;
  /** Of the values, on the axis. */
  unit: string;
  values: (evaluation: Evaluation) => number[];
  /** Values beyond it are counted at it, so that a few far away do not squeeze the others. Default: none are. */
  most?: number;
  alternative: string;
}

/** Counts of values as steps, before behind after, both in the same bins. NaN is left out. */
export function histogram(drawn: readonly Version[], options: HistogramOptions): Chart {
  const { title, unit, values, most = Infinity, alternative } = options;
  const kept = drawn.map((version) =>
    values(version.evaluation)
      .filter((value) => !Number.isNaN(value))
      .map((value) => Math.min(value, most)),
  );
  const all = kept.flat();
  const low = all.reduce((a, b) => Math.min(a, b), 0);
  const high = all.reduce((a, b) => Math.max(a, b), low);
  const size = (high - low || 1) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, index) => low + index * size);
  return new Chart(
    title,
    {
      data: drawn.map(({ name, color }, index) => {
        const counts = new Array<number>(bins + 1).fill(0);
        for (const value of kept[index]!) counts[Math.min(bins - 1, Math.floor((value - low) / size))]!++;
        return {
          type: "scatter",
          mode: "lines",
          name,
          // Plotly steps at each x, so the last edge stands alone, at zero rows.
          x: edges.map((edge) => Number(edge.toPrecision(4))),
          y: counts,
          line: { color, width: 2, shape: "hv" },
          fill: "tozeroy",
          hovertemplate: `from %{x:.3~g}: %{y} rows<extra>${name}</extra>`,
        };
      }),
      layout: layout(220, drawn.length > 1, {
        xaxis: quantity(unit),
        yaxis: quantity("rows", { rangemode: "tozero", tickformat: "d", nticks: 6 }),
      }),
    },
    alternative,
  );
}
