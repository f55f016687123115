import { Chart, colours, label, layout, quantity } from "../chart.ts";
import { score } from "../words.ts";

/** One way of doing a task: what it costs and what it reaches. */
export interface CostScore {
  name: string;
  cost: number;
  score: number;
}

/**
 * What several ways of doing one task reach, over what they cost. A line joins those that none beats: no other costs
 * as little and scores as high (the Pareto front).
 */
export function costScoreChart(
  points: readonly CostScore[],
  { title = "Score over cost", cost = "cost", score: unit = "score" } = {},
): Chart {
  const front = paretoFront(points);
  const names = (some: readonly CostScore[]) => some.map(({ name }) => label(name));
  const best = front.map((one) => `${one.name} ${score(one.score)} for ${amount(one.cost)}`).join(", ");
  return new Chart(
    title,
    {
      data: [
        {
          type: "scatter",
          mode: "lines",
          name: "none better for less",
          x: front.map((one) => one.cost),
          y: front.map((one) => one.score),
          line: { color: colours.after, shape: "hv", width: 2 },
          hoverinfo: "skip",
        },
        {
          type: "scatter",
          mode: "markers+text",
          name: "tried",
          x: points.map((one) => one.cost),
          y: points.map((one) => one.score),
          text: names(points),
          textposition: "top center",
          cliponaxis: false,
          marker: {
            color: points.map((one) => (front.includes(one) ? colours.after : colours.before)),
            size: 9,
          },
          hovertemplate: `%{text}: ${unit} %{y:.3f}, ${cost} %{x}<extra></extra>`,
        },
      ],
      layout: layout(300, true, {
        xaxis: quantity(cost, { rangemode: "tozero", nticks: 6 }),
        yaxis: quantity(unit, { nticks: 6 }),
      }),
    },
    points.length === 0 ? "Nothing was tried." : `None better for less: ${best}.`,
  );
}

/** Those that no other beats in one and equals in the other, the cheapest first. */
function paretoFront(points: readonly CostScore[]): CostScore[] {
  const front: CostScore[] = [];
  for (const point of [...points].sort((a, b) => a.cost - b.cost || b.score - a.score)) {
    if (front.length === 0 || point.score > front.at(-1)!.score) front.push(point);
  }
  return front;
}

const amount = (cost: number) => String(Number(cost.toPrecision(3)));
