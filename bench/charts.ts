import { barChart, Chart, charts, colours, page, type Section } from "../src/reports/index.ts";
import { layout, quantity } from "../src/reports/chart.ts";
import type { Result } from "./row.ts";

/** The results as a page that stands alone: each row beside its peers, and cost against size. */
export function chartsPage(results: readonly Result[]): string {
  const rows = [...new Set(results.map(({ name }) => name))];
  const beside = rows.map((name) => rowChart(results.filter((result) => result.name === name)));
  const growing = [...new Set(results.flatMap(({ size }) => size?.of ?? []))];
  const sections: Section[] = [
    {
      id: "growth",
      title: "Cost against size",
      body: charts(...growing.map((of) => growthChart(of, results))),
    },
    { id: "rows", title: "Each row beside its peers", body: charts(...beside) },
  ];
  return page("Measured side by side", "lmframe and its peers, medians; smaller is better", sections);
}

function rowChart(results: readonly Result[]): Chart {
  const [{ name, unit, ours }] = results as [Result];
  const all = [
    { name: "lmframe", value: ours },
    ...results.map(({ peerName, peer }) => ({ name: peerName, value: peer })),
  ];
  return barChart({
    title: name,
    unit,
    names: all.map(({ name }) => name),
    series: [{ name, color: colours.after, values: all.map(({ value }) => value) }],
    format: figure,
    alternative: `In ${unit}: ${all.map(({ name, value }) => `${name} ${figure(value)}`).join(", ")}.`,
  });
}

/** Both axes logarithmic. What grows linearly runs along the dotted line, which ends where the cost does. */
function growthChart(of: string, results: readonly Result[]): Chart {
  const points = new Map<number, number>();
  for (const { size, ours, unit } of results) {
    // A cost for one is of all when there are so many.
    if (size?.of === of) points.set(size.count, unit.startsWith("µs a ") ? (ours * size.count) / 1e6 : ours);
  }
  const [x, y] = [[...points.keys()], [...points.values()]];
  const [count = 1, seconds = 1] = [x.at(-1), y.at(-1)];
  const linear = x.map((each) => (seconds * each) / count);
  return new Chart(
    `Seconds against ${of}`,
    {
      data: [
        {
          ...{ type: "scatter", mode: "lines+markers", name: "lmframe", x, y },
          ...{ line: { color: colours.after }, marker: { color: colours.after, size: 8 } },
        },
        {
          ...{ type: "scatter", mode: "lines", name: "linear", x, y: linear, hoverinfo: "skip" },
          line: { color: colours.before, dash: "dot" },
        },
      ],
      layout: layout(300, true, {
        xaxis: quantity(of, { type: "log", dtick: 1 }),
        yaxis: quantity("seconds", { type: "log", dtick: "D2" }),
      }),
    },
    x.map((each, index) => `${figure(y[index]!)} s for ${each.toLocaleString("en")}`).join(", ") + ".",
  );
}

/** A figure with three digits. */
export function figure(value: number): string {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
}
