import { latencyChart } from "../figures/latency.ts";
import { scoreChart } from "../figures/scores.ts";
import { charts, type Section } from "../section.ts";
import type { Reported } from "../subject.ts";

/** How scores and times are spread over the rows. */
export function spread({ after, before }: Reported): Section {
  return {
    id: "spread",
    title: "Outcomes and latency",
    body: charts(scoreChart(after, before), latencyChart(after, before)),
  };
}
