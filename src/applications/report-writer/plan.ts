/** What can be measured of the rows of a group. */
export type MeasureKind = "count" | "share" | "mean" | "median" | "sum" | "min" | "max";

/** Rows to keep: those whose value in a column compares so. Rows without a value are kept by `is not` alone. */
export interface PlanFilter {
  column: string;
  compare: "is" | "is not" | "above" | "at least" | "below" | "at most" | "contains";
  value: string | number;
}

/**
 * A measure of each group. `count` and `share` (of the rows that the filters kept) are of rows: of all, or with `column`
 * and `value` of those which hold the value, the share then being one of the group. The others are of the numbers in
 * `column`.
 */
export interface PlanMeasure {
  measure: MeasureKind;
  column: string | null;
  value: string | null;
}

/**
 * What a chart shows of an analysis' result. A bar for each value of `x`; a line or the bars of a histogram over periods;
 * a scatter of two measures, one point a group. With a second group there is a series for each of its values.
 */
export interface ChartSpecification {
  kind: "bar" | "line" | "scatter" | "histogram";
  x: string;
  y: string;
}

/** One pass over the table: filter, group, measure, order, cut. Joins are none. */
export interface PlanAnalysis {
  /** All of them must hold. */
  filters: readonly PlanFilter[];
  /** Columns to group by, at most two; none: all rows are one group. */
  groups: readonly string[];
  /** At least one. */
  measures: readonly PlanMeasure[];
  /** By a column of the result. Null: periods in their order, else the first measure, largest first. */
  order: { by: string; descending: boolean } | null;
  /** How many groups to keep, the first in order; null: all, up to 200. */
  top: number | null;
  chart: ChartSpecification | null;
}

/** What a report computes: data, checked before any of it runs (see `planProblems`). */
export interface ReportPlan {
  analyses: readonly PlanAnalysis[];
}

/** What a plan may ask for at most. */
export const planLimits = { analyses: 3, filters: 4, groups: 2, measures: 4, rows: 200 } as const;

/** The name of a measure's column in the result: `count`, `share_negative`, `mean_words`. */
export function measureName({ measure, column, value }: PlanMeasure): string {
  const of = value ?? column;
  if (of === null) return measure;
  return `${measure}_${of.replace(/[^\p{L}\p{N}]+/gu, "_").slice(0, 40)}`;
}
