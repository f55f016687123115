import { ConfigurationError } from "../../core/index.ts";
import { mean, quantile } from "../../evaluate/index.ts";
import {
  measureName,
  type PlanAnalysis,
  type PlanFilter,
  planLimits,
  type PlanMeasure,
  type ReportPlan,
} from "./plan.ts";
import { planProblems } from "./plan-problems.ts";
import type { ReportResult, ResultColumn } from "./result.ts";
import type { ReportColumn, ReportTable } from "./table.ts";

/**
 * Computes a plan: the rows of the table counted (`all`), then each analysis (`a1`, `a2` …). Nothing runs before all of it
 * is found right.
 *
 * Throws ConfigurationError, with every problem, for a plan that is not right for the table.
 */
export function runPlan(plan: ReportPlan, table: ReportTable): ReportResult[] {
  const problems = planProblems(plan, table);
  if (problems.length > 0) throw new ConfigurationError(`invalid plan: ${problems.join("; ")}`);
  return [
    wholeTable(table),
    ...plan.analyses.map((analysis, index) => run(analysis, table, `a${index + 1}`)),
  ];
}

function wholeTable({ length, name }: ReportTable): ReportResult {
  const count = {
    name: "count",
    measure: "count",
    unit: "rows",
    title: "number of rows",
    extent: { low: length, high: length, atLow: 1, atHigh: 1 },
    inTime: false,
  } as const;
  return {
    id: "all",
    title: `All rows of ${name}`,
    columns: [count],
    rows: [[length]],
    groups: 1,
    chart: null,
  };
}

interface Group {
  labels: (string | null)[];
  rows: number[];
}

function run(analysis: PlanAnalysis, table: ReportTable, id: string): ReportResult {
  const { groups: by, measures, top, chart } = analysis;
  const kept = keptRows(analysis.filters, table);
  const columns = by.map((name) => table.column(name));
  const found = withEmptyPeriods(groupRows(kept, columns), columns);
  const values = found.map((group) => measures.map((each) => measured(each, group.rows, kept.length, table)));
  const ordering = orderingOf(analysis, columns);
  const order = orderOf(ordering, analysis, columns, found, values);
  const inTime = isInTime(ordering, columns, table);
  return {
    id,
    title: titleOf(analysis),
    columns: [
      ...by.map((name): ResultColumn => ({
        name,
        measure: undefined,
        unit: "",
        title: words(name),
        extent: undefined,
        inTime: false,
      })),
      ...measures.map((each, place) =>
        resultColumn(
          each,
          table,
          values.map((row) => row[place]!),
          inTime,
        ),
      ),
    ],
    rows: order.slice(0, top ?? planLimits.rows).map((place) => [...found[place]!.labels, ...values[place]!]),
    groups: found.length,
    chart,
  };
}

function keptRows(filters: readonly PlanFilter[], table: ReportTable): number[] {
  const tests = filters.map((filter) => testOf(filter, table.column(filter.column)));
  const rows: number[] = [];
  for (let row = 0; row < table.length; row++) if (tests.every((test) => test(row))) rows.push(row);
  return rows;
}

/** Numbers compare as numbers, periods by their order, days and labels as text. */
function testOf(
  { compare, value }: PlanFilter,
  { role, values, labels }: ReportColumn,
): (row: number) => boolean {
  if (compare === "contains") {
    const sought = String(value).toLowerCase();
    return (row) =>
      String(values[row] ?? "")
        .toLowerCase()
        .includes(sought);
  }
  const rank =
    role === "number" ? Number : role === "period" ? (text: unknown) => labels.indexOf(String(text)) : String;
  const bound = rank(value);
  const holds = {
    is: (found: string | number) => found === bound,
    "is not": (found: string | number) => found !== bound,
    above: (found: string | number) => found > bound,
    "at least": (found: string | number) => found >= bound,
    below: (found: string | number) => found < bound,
    "at most": (found: string | number) => found <= bound,
  }[compare];
  return (row) => {
    const found = values[row] ?? null;
    return found === null ? compare === "is not" : holds(rank(found));
  };
}

/** The rows that share the values of all columns; one group of all where there is no column. */
function groupRows(rows: readonly number[], columns: readonly ReportColumn[]): Group[] {
  if (columns.length === 0) return [{ labels: [], rows: [...rows] }];
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const labels = columns.map(({ values }) => (values[row] === null ? null : String(values[row])));
    const key = JSON.stringify(labels);
    const group = groups.get(key);
    if (group) group.rows.push(row);
    else groups.set(key, { labels, rows: [row] });
  }
  return [...groups.values()];
}

function measured(
  { measure, column, value }: PlanMeasure,
  rows: readonly number[],
  kept: number,
  table: ReportTable,
): number | null {
  const values = column === null ? undefined : table.column(column).values;
  if (measure === "count" || measure === "share") {
    const holding =
      value === null ? rows.length : rows.filter((row) => String(values![row]) === value).length;
    if (measure === "count") return holding;
    const whole = value === null ? kept : rows.length;
    return whole === 0 ? null : holding / whole;
  }
  const numbers = rows.map((row) => values![row]).filter((each) => typeof each === "number");
  if (numbers.length === 0) return null;
  switch (measure) {
    case "mean":
      return mean(numbers);
    case "median":
      return quantile(Float64Array.from(numbers).sort(), 0.5);
    case "sum":
      return numbers.reduce((sum, each) => sum + each, 0);
    case "min":
      return numbers.reduce((least, each) => Math.min(least, each));
    case "max":
      return numbers.reduce((most, each) => Math.max(most, each));
  }
}

/** A period in which nothing happened is a period all the same: those between the first and the last are groups too. */
function withEmptyPeriods(groups: readonly Group[], columns: readonly ReportColumn[]): readonly Group[] {
  const [column, ...others] = columns;
  if (column?.role !== "period" || others.length > 0) return groups;
  const found = new Map(groups.map((group) => [group.labels[0]!, group]));
  const places = column.labels.flatMap((label, place) => (found.has(label) ? [place] : []));
  if (places.length === 0) return groups;
  const all = column.labels.slice(places[0], places.at(-1)! + 1);
  const nameless = found.get(null as never);
  return [
    ...all.map((label) => found.get(label) ?? { labels: [label], rows: [] }),
    ...(nameless ? [nameless] : []),
  ];
}

type Ordering = NonNullable<PlanAnalysis["order"]>;

function orderingOf({ groups, measures, order }: PlanAnalysis, columns: readonly ReportColumn[]): Ordering {
  const byPeriod = columns.findIndex(({ role }) => role !== "label");
  return (
    order ??
    (byPeriod >= 0
      ? { by: groups[byPeriod]!, descending: false }
      : { by: measureName(measures[0]!), descending: true })
  );
}

function isInTime(
  { by, descending }: Ordering,
  columns: readonly ReportColumn[],
  table: ReportTable,
): boolean {
  const [column, ...others] = columns;
  if (column?.name !== by || descending || others.length > 0 || column.from === undefined) return false;
  return table.column(column.from).role === "date" && !column.name.endsWith("_weekday");
}

/** The places of the groups in order; what has no value comes last, and what is equal is in order of its labels. */
function orderOf(
  { by, descending }: Ordering,
  { groups, measures }: PlanAnalysis,
  columns: readonly ReportColumn[],
  found: readonly Group[],
  values: readonly (readonly (number | null)[])[],
): number[] {
  const places = found.map((_, place) => place);
  const names = measures.map(measureName);
  const group = groups.indexOf(by);
  const ordered = group < 0 ? undefined : columns[group];
  const rank = (place: number): number | null => {
    if (!ordered) return values[place]![names.indexOf(by)]!;
    const label = found[place]!.labels[group]!;
    return label === null ? null : ordered.labels.indexOf(label);
  };
  const byLabels = (a: number, b: number) =>
    columns
      .map(
        ({ labels }, column) =>
          labels.indexOf(found[a]!.labels[column]!) - labels.indexOf(found[b]!.labels[column]!),
      )
      .find((difference) => difference !== 0) ?? 0;
  return places.sort((a, b) => {
    const [first, second] = [rank(a), rank(b)];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return (descending ? second - first : first - second) || byLabels(a, b);
  });
}

function resultColumn(
  given: PlanMeasure,
  table: ReportTable,
  values: readonly (number | null)[],
  inTime: boolean,
): ResultColumn {
  const { measure, column } = given;
  const present = values.filter((each) => each !== null);
  const unit = measure === "count" ? "rows" : measure === "share" ? "%" : table.column(column!).unit;
  return {
    name: measureName(given),
    measure,
    unit,
    title: titleOfMeasure(given),
    extent: present.length === 0 ? undefined : extentOf(present),
    inTime,
  };
}

function extentOf(values: readonly number[]): NonNullable<ResultColumn["extent"]> {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const groups = (bound: number) => values.filter((value) => value === bound).length;
  return { low, high, atLow: groups(low), atHigh: groups(high) };
}

function titleOf({ filters, groups, measures }: PlanAnalysis): string {
  const measured = titleOfMeasure(measures[0]!);
  const by = groups.length > 0 ? ` by ${groups.map(words).join(" and ")}` : "";
  const where = filters
    .map(({ column, compare, value }) => `${words(column)} ${compare} ${value}`)
    .join(", ");
  return `${measured.charAt(0).toUpperCase()}${measured.slice(1)}${by}${where === "" ? "" : `, where ${where}`}`;
}

function titleOfMeasure({ measure, column, value }: PlanMeasure): string {
  const kind = measure === "count" ? "number" : measure;
  if (value !== null) return `${kind} of “${value.length > 60 ? `${value.slice(0, 59)}…` : value}”`;
  return `${kind} of ${column === null ? "rows" : words(column)}`;
}

/** A column's name as words: `date_month` is `date month`. */
function words(name: string): string {
  return name.replaceAll("_", " ");
}
