import type { ChartSpecification, MeasureKind } from "./plan.ts";

/** A column of a {@link ReportResult}. */
export interface ResultColumn {
  name: string;
  /** The measure; undefined for a column of labels. */
  measure: MeasureKind | undefined;
  /** `rows` of counts, `%` of shares, else that of the column measured; empty where there is none. */
  unit: string;
  /** As a person reads it: `share of negative`. */
  title: string;
  /**
   * The lowest and highest over all groups, kept or not, and how many groups share them; undefined for labels and where
   * nothing was measured.
   */
  extent: { low: number; high: number; atLow: number; atHigh: number } | undefined;
  /** True where the rows follow each other in time. */
  inTime: boolean;
}

/** What one analysis computed: labels first, then measures; a share is from 0 to 1. */
export interface ReportResult {
  /** `a1`, `a2` …; `all` counts the rows of the table. */
  id: string;
  /** What was measured before all else, by what, of which rows. */
  title: string;
  columns: readonly ResultColumn[];
  /** One group each, in order. Null where a measure had nothing to measure, or rows have no label. */
  rows: readonly (readonly (string | number | null)[])[];
  /** How many groups there were before the first were kept. */
  groups: number;
  chart: ChartSpecification | null;
}

/** A value of a result in words: `262 rows`, `54.2 %`, `18.3 words`; labels at most 80 characters long. */
export function cellText(value: string | number | null, { unit }: Pick<ResultColumn, "unit">): string {
  if (value === null) return "none";
  if (typeof value === "string") return value.length > 80 ? `${value.slice(0, 79)}…` : value;
  if (unit === "%") return `${(value * 100).toFixed(1)} %`;
  const number = numberText(value);
  if (unit === "") return number;
  return `${number} ${number === "1" && unit.endsWith("s") ? unit.slice(0, -1) : unit}`;
}

function numberText(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  if (Math.abs(value) >= 1000) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
