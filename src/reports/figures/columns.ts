import { categories, Chart, label, layout, quantity } from "../chart.ts";

/** Upright bars side by side without a gap: a histogram whose ranges were counted already. */
export interface ColumnOptions {
  title: string;
  /** What was counted. */
  unit: string;
  /** The ranges, from left to right. */
  names: readonly string[];
  values: readonly number[];
  color: string;
  /** A value as the reader sees it. */
  format: (value: number) => string;
  alternative: string;
}

/** A histogram of counts by range. */
export function columnChart({
  title,
  unit,
  names,
  values,
  color,
  format,
  alternative,
}: ColumnOptions): Chart {
  return new Chart(
    title,
    {
      data: [
        {
          type: "bar",
          x: names.map((_, index) => index),
          y: values,
          text: values.map(format),
          textposition: "outside",
          cliponaxis: false,
          customdata: names.map(label),
          hovertemplate: "%{customdata}: %{text}<extra></extra>",
          marker: { color },
        },
      ],
      layout: {
        ...layout(280, false, {
          xaxis: categories(names),
          yaxis: quantity(label(unit), { rangemode: "tozero", nticks: 6 }),
        }),
        bargap: 0.06,
      },
    },
    alternative,
  );
}
