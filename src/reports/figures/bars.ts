import { categoriesDown, Chart, label, layout, quantity } from "../chart.ts";

/** Bars side by side for each of some names. */
export interface BarOptions {
  title: string;
  /** What the bars measure. */
  unit: string;
  /** One group of bars each, from top to bottom. */
  names: readonly string[];
  /** One bar in each group: values in the order of the names; null is no bar. */
  series: readonly { name: string; color: string; values: readonly (number | null)[] }[];
  /** True for values from 0 to 1. Default false. */
  shares?: boolean | undefined;
  /** A value as the reader sees it. Default: two digits. */
  format?: ((value: number) => string) | undefined;
  alternative: string;
}

/** A chart of horizontal bars, each with its value. */
export function barChart(options: BarOptions): Chart {
  const { title, unit, names, series, shares = false, alternative } = options;
  const { format = (value) => (shares ? value.toFixed(2) : String(Number(value.toPrecision(2)))) } = options;
  const hovered = options.format ? "%{text}" : `${unit} %{x:.3f}`;
  const all = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const axis = shares
    ? { range: [0, 1.08], tickvals: [0, 0.25, 0.5, 0.75, 1] }
    : options.format && high > low // room for the words at the end of the longest bar
      ? { range: [low * 1.15, high * 1.15], nticks: 5 }
      : { rangemode: "tozero", nticks: 5 };
  return new Chart(
    title,
    {
      data: series.map(({ name, color, values }) => ({
        type: "bar",
        orientation: "h",
        name: label(name),
        y: names.map((_, index) => index),
        x: values,
        text: values.map((value) => (value === null ? "" : format(value))),
        customdata: names.map(label),
        textposition: "outside",
        cliponaxis: false,
        hovertemplate: `%{customdata}: ${hovered}<extra>${label(name)}</extra>`,
        marker: { color },
      })),
      layout: {
        ...layout(72 + names.length * (series.length * 20 + 16), series.length > 1, {
          xaxis: quantity(label(unit), axis),
          yaxis: categoriesDown(names),
        }),
        barmode: "group",
        bargap: 0.35,
      },
    },
    alternative,
  );
}
