import { nearest } from "../../core/index.ts";
import { chartProblem } from "./chart-problem.ts";
import { isoDay } from "./date-parts.ts";
import {
  measureName,
  type PlanAnalysis,
  type PlanFilter,
  planLimits,
  type PlanMeasure,
  type ReportPlan,
} from "./plan.ts";
import { isGroupable, type ReportColumn, type ReportTable } from "./table.ts";

/**
 * What is wrong with a plan for this table, each with what was found, what is expected and the nearest name: columns
 * that are not there, comparisons and measures that the column's values do not allow, values that it does not hold,
 * charts that do not fit. A plan without problems runs.
 */
export function planProblems({ analyses }: ReportPlan, table: ReportTable): string[] {
  const problems = analyses.flatMap((analysis, index) =>
    analysisProblems(analysis, table).map((problem) => `analysis ${index + 1}: ${problem}`),
  );
  const counted = amount("analyses", analyses.length, 1, planLimits.analyses);
  return counted ? [counted, ...problems] : problems;
}

function analysisProblems(analysis: PlanAnalysis, table: ReportTable): string[] {
  const { filters, groups, measures, order, top } = analysis;
  const problems = [
    amount("filters", filters.length, 0, planLimits.filters),
    amount("groups", groups.length, 0, planLimits.groups),
    amount("measures", measures.length, 1, planLimits.measures),
    ...filters.map((filter) => filterProblem(filter, table)),
    ...groups.map((group) => groupProblem(group, table)),
    ...measures.map((measure) => measureProblem(measure, table)),
  ];
  const names = [...groups, ...measures.map(measureName)];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    problems.push(`found ${quoted(twice)} twice; expected each group and measure once`);
  if (order !== null && !names.includes(order.by))
    problems.push(`order: ${notFound("a column of the result", order.by, names)}`);
  if (top !== null && !(Number.isInteger(top) && top >= 1 && top <= planLimits.rows))
    problems.push(`top: found ${top}, expected a whole number from 1 to ${planLimits.rows}, or null`);
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) return found;
  const chart = chartProblem(analysis, table);
  return chart === undefined ? [] : [`chart: ${chart}`];
}

function amount(what: string, found: number, least: number, most: number): string | undefined {
  return found < least || found > most ? `found ${found} ${what}, expected ${least} to ${most}` : undefined;
}

function filterProblem({ column: name, compare, value }: PlanFilter, table: ReportTable): string | undefined {
  const column = table.columns.get(name);
  if (!column) return `filter: ${noColumn(name, table)}`;
  const told = `filter on ${quoted(name)}`;
  const { role } = column;
  if (compare === "contains")
    return role === "text" || role === "label"
      ? typeof value === "string" && value.trim() !== "" && value.length <= 200
        ? undefined
        : `${told}: found ${shown(value)}, expected 1 to 200 characters to look for`
      : `${told}: "contains" is for text, found a ${role}; use "is", "at least" or "at most"`;
  if (role === "text") return `${told}: found free text, which can only be searched; use "contains"`;
  if (role === "number")
    return Number.isFinite(numberOf(value)) ? undefined : `${told}: found ${shown(value)}, expected a number`;
  if (role === "date")
    return isoDay(String(value)) === null
      ? `${told}: found ${shown(value)}, expected a day such as "2026-03-01"`
      : undefined;
  if (role === "label" && compare !== "is" && compare !== "is not")
    return `${told}: ${quoted(compare)} is for numbers, dates and periods, found a label; use "is" or "is not"`;
  return valueProblem(told, column, value);
}

function groupProblem(name: string, table: ReportTable): string | undefined {
  const column = table.columns.get(name);
  if (!column) return `group: ${noColumn(name, table)}`;
  if (isGroupable(column)) return undefined;
  const made = [...table.columns.values()].filter(({ from, role }) => from === name && role === "period");
  const instead = made.map((each) => quoted(each.name)).join(", ");
  return (
    `group: ${quoted(name)} is a ${column.role} whose values hardly recur; ` +
    `expected a column that rows can share${instead === "" ? `: ${groupables(table)}` : `, such as ${instead}`}`
  );
}

function measureProblem(given: PlanMeasure, table: ReportTable): string | undefined {
  const { measure, column: name, value } = given;
  const ofRows = measure === "count" || measure === "share";
  if (name === null) {
    if (value !== null) return `measure ${measure}: found the value ${shown(value)} without its column`;
    return ofRows ? undefined : `measure ${measure}: expected a column of numbers: ${numbers(table)}`;
  }
  const column = table.columns.get(name);
  if (!column) return `measure ${measure}: ${noColumn(name, table)}`;
  const told = `measure ${measure} of ${quoted(name)}`;
  if (!ofRows) {
    if (value !== null) return `${told}: found the value ${shown(value)}; only count and share take one`;
    return column.role === "number"
      ? undefined
      : `${told}: found a ${column.role}, expected a column of numbers: ${numbers(table)}`;
  }
  if (value === null) return `${told}: expected a value of ${quoted(name)} to count, or no column`;
  if (!isGroupable(column))
    return `${told}: found a ${column.role}, expected a column of labels: ${groupables(table)}`;
  return valueProblem(told, column, value);
}

function valueProblem(told: string, { labels }: ReportColumn, value: string | number): string | undefined {
  if (labels.includes(String(value))) return undefined;
  return `${told}: ${notFound("a value of it", String(value), labels)}`;
}

function noColumn(name: string, table: ReportTable): string {
  return notFound("a column", name, [...table.columns.keys()]);
}

function notFound(what: string, name: string, among: readonly string[]): string {
  const near = nearest(name, among);
  const listed = among.slice(0, 30).map(quoted).join(", ");
  return (
    `${quoted(name)} is not ${what}${near === undefined ? "" : `; did you mean ${quoted(near)}?`} ` +
    `Expected one of ${listed || "none"}${among.length > 30 ? ", …" : ""}`
  );
}

function groupables({ columns }: ReportTable): string {
  return (
    [...columns.values()]
      .filter(isGroupable)
      .map(({ name }) => quoted(name))
      .join(", ") || "none"
  );
}

function numbers({ columns }: ReportTable): string {
  const found = [...columns.values()].filter(({ role }) => role === "number");
  return found.map(({ name }) => quoted(name)).join(", ") || "there is none";
}

function numberOf(value: string | number): number {
  return typeof value === "number" ? value : value.trim() === "" ? NaN : Number(value);
}

function shown(value: string | number): string {
  return JSON.stringify(typeof value === "string" ? value.slice(0, 60) : value);
}

/** Names and values come from data and models; a problem is shown to a model and in a page, so they are short. */
function quoted(name: string): string {
  return `"${name.length > 60 ? `${name.slice(0, 59)}…` : name}"`;
}
