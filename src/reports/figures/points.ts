import { Chart, colours, label, layout, quantity } from "../chart.ts";

/** What one axis of a scatter measures: a value for each point. */
interface Measured {
  title: string;
  values: readonly (number | null)[];
  /** A value as the reader sees it. */
  format: (value: number) => string;
}

/** One point for each of some names. */
export interface PointOptions {
  title: string;
  names: readonly string[];
  x: Measured;
  y: Measured;
  alternative: string;
}

/** A scatter of two measures. Points that lack one are left out. */
export function pointChart({ title, names, x, y, alternative }: PointOptions): Chart {
  const points = names.flatMap((name, index) => {
    const [across, up] = [x.values[index] ?? null, y.values[index] ?? null];
    return across === null || up === null ? [] : [{ name, across, up }];
  });
  return new Chart(
    title,
    {
      data: [
        {
          type: "scatter",
          mode: points.length <= 15 ? "markers+text" : "markers",
          x: points.map(({ across }) => across),
          y: points.map(({ up }) => up),
          text: points.map(({ name }) => label(name)),
          textposition: "top center",
          cliponaxis: false,
          customdata: points.map(({ across, up }) => [label(x.format(across)), label(y.format(up))]),
          hovertemplate: "%{text}<br>%{customdata[0]}, %{customdata[1]}<extra></extra>",
          marker: { color: colours.after, size: 9 },
        },
      ],
      layout: layout(320, false, {
        xaxis: quantity(label(x.title), { nticks: 6 }),
        yaxis: quantity(label(y.title), { nticks: 6 }),
      }),
    },
    alternative,
  );
}
