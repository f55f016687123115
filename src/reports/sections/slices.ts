import type { Evaluation } from "../../evaluate/index.ts";
import { sliceChart } from "../figures/intervals.ts";
import { charts, type Section } from "../section.ts";
import type { Reported } from "../subject.ts";
import { spell } from "./values.ts";

const mostColumns = 6;
const mostValues = 12;
/** Rows a value needs on average: with fewer, a slice says nothing. */
const fewestRows = 4;

/** Scores by each column of few values but the label. Undefined where there is none. */
export function slices({ after, before }: Reported): Section | undefined {
  const columns = columnsOfFewValues(after).slice(0, mostColumns);
  if (columns.length === 0) return undefined;
  return {
    id: "slices",
    title: "Kinds of rows",
    body: charts(...columns.map((column) => sliceChart(column, after, before))),
  };
}

function columnsOfFewValues({ rows, subject }: Evaluation): string[] {
  const found = new Map<string, { values: Set<string>; rows: number }>();
  for (const { row } of rows) {
    for (const [column, value] of Object.entries(row)) {
      if (typeof value === "object" && value !== null) continue;
      let seen = found.get(column);
      if (!seen) found.set(column, (seen = { values: new Set(), rows: 0 }));
      seen.rows++;
      if (seen.values.size <= mostValues) seen.values.add(spell(value));
    }
  }
  return [...found]
    .filter(
      ([column, seen]) =>
        column !== subject.field &&
        seen.rows === rows.length &&
        seen.values.size >= 2 &&
        seen.values.size <= Math.min(mostValues, rows.length / fewestRows),
    )
    .map(([column]) => column);
}
