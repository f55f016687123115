import { categories, Chart, label, layout, quantity } from "../chart.ts";

/** Lines over labels that have an order, such as months. */
export interface LineOptions {
  title: string;
  /** What the lines measure. */
  unit: string;
  /** From left to right. */
  names: readonly string[];
  /** One line each: values in the order of the names; null leaves a gap. */
  series: readonly { name: string; color: string; values: readonly (number | null)[] }[];
  /** A value as the reader sees it. */
  format: (value: number) => string;
  alternative: string;
}

/** A line for each series. */
export function lineChart({ title, unit, names, series, format, alternative }: LineOptions): Chart {
  const every = Math.ceil(names.length / 12);
  const places = names.map((_, index) => index).filter((index) => index % every === 0);
  return new Chart(
    title,
    {
      data: series.map(({ name, color, values }) => ({
        type: "scatter",
        mode: "lines+markers",
        name: label(name),
        x: names.map((_, index) => index),
        y: values,
        text: values.map((value) => (value === null ? "" : format(value))),
        customdata: names.map(label),
        hovertemplate: `%{customdata}: %{text}<extra>${series.length > 1 ? label(name) : ""}</extra>`,
        line: { color, width: 2 },
        marker: { color, size: 6 },
      })),
      layout: layout(280, series.length > 1, {
        xaxis: {
          ...categories(names),
          tickvals: places,
          ticktext: places.map((index) => label(names[index]!)),
        },
        yaxis: quantity(label(unit), { rangemode: "tozero", nticks: 6 }),
      }),
    },
    alternative,
  );
}
