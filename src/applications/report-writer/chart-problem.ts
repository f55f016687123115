import { measureName, type PlanAnalysis } from "./plan.ts";
import type { ReportTable } from "./table.ts";

/** More bars or series than this cannot be told apart. */
export const mostSeries = 6;

/**
 * What is wrong with the chart of an analysis whose other parts are right: a column that its result does not have, or one
 * that the kind of chart cannot show. Undefined where nothing is, or where no chart is wanted.
 */
export function chartProblem(
  { groups, measures, chart }: PlanAnalysis,
  table: ReportTable,
): string | undefined {
  if (chart === null) return undefined;
  const { kind, x, y } = chart;
  const measured = measures.map(measureName);
  const among = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ") || "none";
  if (!measured.includes(y)) return `y is "${y}", expected a measure of this analysis: ${among(measured)}`;
  if (kind === "scatter") {
    if (!measured.includes(x))
      return `x of a scatter is "${x}", expected another measure: ${among(measured)}`;
    if (x === y) return `x and y are both "${y}", expected two measures`;
    return groups.length === 0 ? "a scatter has a point for each group, and there is none" : undefined;
  }
  if (!groups.includes(x))
    return `x of a ${kind} is "${x}", expected a group of this analysis: ${among(groups)}`;
  const { role, from } = table.column(x);
  if (kind === "line" && role === "label")
    return `"${x}" is a label, which a line would order where there is no order; use a bar`;
  if (kind === "histogram") {
    if (role !== "period" || table.columns.get(from ?? "")?.role !== "number")
      return `"${x}" is no range of numbers, as the x of a histogram must be; use a bar`;
    const { measure } = measures[measured.indexOf(y)]!;
    if (measure !== "count" && measure !== "share")
      return `y of a histogram is "${y}", expected a count or a share`;
  }
  const series = groups.find((group) => group !== x);
  const many = series === undefined ? 0 : table.column(series).labels.length;
  return many > mostSeries
    ? `"${series}" has ${many} values, and more than ${mostSeries} series cannot be told apart; group by one column`
    : undefined;
}
