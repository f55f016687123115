import { contentWords } from "../../retrieval/index.ts";
import {
  measureName,
  type PlanAnalysis,
  type PlanFilter,
  planLimits,
  type PlanMeasure,
  type ReportPlan,
} from "./plan.ts";
import { mostSeries } from "./chart-problem.ts";
import { planProblems } from "./plan-problems.ts";
import { isGroupable, type ReportColumn, type ReportTable } from "./table.ts";

/** Where in a question a column is named, by its name or by one of its values. */
interface Named {
  column: ReportColumn;
  at: number;
  /** Undefined where it is named by its name. */
  value: string | undefined;
  /** True where a word such as "in" or "among" stands before it: there is looked for what was asked. */
  within: boolean;
}

/** Words that ask for a part of a date, a measure, an order. */
const partWords: Readonly<Record<string, RegExp>> = {
  year: /\b(?:years?|yearly|annual(?:ly)?)\b/i,
  quarter: /\b(?:quarters?|quarterly)\b/i,
  month: /\b(?:months?|monthly|trend|over time|when|develop\w*)\b/i,
  weekday: /\b(?:weekdays?|days? of the week)\b/i,
};
const measureWords: readonly (readonly [PlanMeasure["measure"], RegExp])[] = [
  ["median", /\bmedian\b/i],
  ["sum", /\b(?:sum|total|altogether|add up)\b/i],
  ["max", /\b(?:maximum|longest|largest|highest)\b/i],
  ["min", /\b(?:minimum|shortest|smallest|lowest)\b/i],
  ["mean", /\b(?:mean|average|typical(?:ly)?|how (?:long|high|large|big|wordy|old))\b/i],
];
const shareWords = /\b(?:share|percent(?:age)?|proportion|rate|likel(?:y|ihood|iest)|often|fraction)\b/i;
const leastWords = /\b(?:least|fewest|lowest|rarest|smallest|shortest)\b/i;
const lengthWords = /\b(?:long|longer|longest|short|shorter|shortest|length|wordy|words?)\b/i;

/** Values beyond this many are looked for in no question: that of an identifier stands there by chance. */
const mostValues = 2000;

/**
 * An analysis chosen without a model: by the columns that a question names, by their names or their values, by words that
 * ask for a mean, a share or a month, and by what the columns hold. Always right for the table.
 */
export function plainPlan(query: string, table: ReportTable): ReportPlan {
  const named = namedColumns(query, table);
  const number = numberAsked(query, table, named);
  const values = named.filter((one) => one.value !== undefined);
  // In "high urgency" it is the value that counts; the column's name only says of what it is one.
  const byName = named
    .filter(
      (one) =>
        one.value === undefined && !values.some(({ column, at }) => column === one.column && at !== one.at),
    )
    .map(({ column }) => column);
  const groups = [
    ...new Set([
      ...byName.filter((column) => isGroupable(column) && column !== number),
      ...periods(query, table),
    ]),
  ];
  const free = values.filter(({ column }) => !groups.includes(column));
  // Several values of one column are compared with each other; one alone is what is counted, or where it is counted.
  const compared = free.filter(({ column }) => free.filter((other) => other.column === column).length > 1);
  const single = free.filter((one) => !compared.includes(one));
  if (groups.length === 0) {
    const [first] = compared.length > 0 ? compared : number ? [] : single.filter(({ within }) => !within);
    if (first) groups.push(first.column);
  }
  const left = (one: Named) => !groups.includes(one.column);
  const counted = number ? [] : compared.filter(left).slice(0, 2);
  if (counted.length === 0 && !number && groups.length > 0)
    counted.push(...single.filter((one) => left(one) && !one.within).slice(0, 1));
  const filters = single
    .filter((one) => left(one) && !counted.includes(one))
    .slice(0, planLimits.filters)
    .map(({ column, value }): PlanFilter => ({ column: column.name, compare: "is", value: value! }));
  if (groups.length === 0) groups.push(...fallback(table, filters));
  const by = chosenGroups(groups);
  const context = contextOf(counted[0], number, by, table);
  const first = analysisOf(query, by, filters, counted, number);
  const plan = { analyses: context ? [first, context] : [first] };
  // Names that fall together, such as a column called "count" that is counted by, leave nothing to group.
  return planProblems(plan, table).length === 0 ? plan : { analyses: [countOfRows] };
}

const count: PlanMeasure = { measure: "count", column: null, value: null };
const countOfRows: PlanAnalysis = {
  filters: [],
  groups: [],
  measures: [count],
  order: null,
  top: null,
  chart: null,
};

function analysisOf(
  query: string,
  groups: readonly ReportColumn[],
  filters: readonly PlanFilter[],
  counted: readonly Named[],
  number: ReportColumn | undefined,
): PlanAnalysis {
  const measures: PlanMeasure[] = [];
  if (number) {
    const asked = measureWords.find(([, words]) => words.test(query))?.[0] ?? "mean";
    const all = [asked, ...(["mean", "median", "max"] as const).filter((each) => each !== asked)].slice(0, 3);
    measures.push(...all.map((measure) => ({ measure, column: number.name, value: null })), count);
  } else if (counted.length > 0) {
    for (const { column, value } of counted) {
      const of = { column: column.name, value: value! };
      const both: PlanMeasure[] = [
        { measure: "count", ...of },
        { measure: "share", ...of },
      ];
      measures.push(
        ...(counted.length > 1 ? both.slice(0, 1) : shareWords.test(query) ? both.reverse() : both),
      );
    }
    measures.push(count);
  } else measures.push(count, { measure: "share", column: null, value: null });
  const [x] = groups;
  const y = measureName(measures[0]!);
  const ordered = x !== undefined && x.role !== "label";
  const top = /\btop (\d{1,2})\b/i.exec(query)?.[1];
  const binned = ordered && x.name.endsWith("_range");
  return {
    filters,
    groups: groups.map(({ name }) => name),
    measures,
    order: ordered ? null : { by: y, descending: !leastWords.test(query) },
    top: top === undefined ? (ordered ? null : 15) : Math.max(1, Math.min(planLimits.rows, Number(top))),
    chart:
      x === undefined
        ? null
        : { kind: binned && !number ? "histogram" : ordered ? "line" : "bar", x: x.name, y },
  };
}

/** What the first analysis stands against: how its counted values, or its numbers, are spread over all rows. */
function contextOf(
  counted: Named | undefined,
  number: ReportColumn | undefined,
  groups: readonly ReportColumn[],
  table: ReportTable,
): PlanAnalysis | undefined {
  const spread = counted?.column ?? (number && table.columns.get(`${number.name}_range`));
  if (!spread || groups.includes(spread)) return undefined;
  const histogram = counted === undefined;
  return {
    filters: [],
    groups: [spread.name],
    measures: [count, { measure: "share", column: null, value: null }],
    order: null,
    top: null,
    chart: { kind: histogram ? "histogram" : "bar", x: spread.name, y: "count" },
  };
}

/** At most two, where the second has few values: a bar or line for each of them. */
function chosenGroups(groups: readonly ReportColumn[]): ReportColumn[] {
  const ordered = [...groups].sort((a, b) => Number(b.role === "period") - Number(a.role === "period"));
  const [first] = ordered;
  const second = ordered.slice(1).find(({ labels }) => labels.length <= mostSeries);
  if (!first) return [];
  if (second) return [first, second];
  // The first has few values and the others many: it is the one that makes the series.
  const other = first.labels.length <= mostSeries && first.role === "label" ? ordered[1] : undefined;
  return other ? [other, first] : [first];
}

/** The columns that a question names, by their names and by the values that labels hold, in the question's order. */
export function namedColumns(query: string, table: ReportTable): Named[] {
  const words = [...contentWords(query)];
  const place = (text: string, same = (a: string, b: string) => a === b) => {
    const places = [...contentWords(text)].map((sought) => words.findIndex((word) => same(word, sought)));
    return places.length > 0 && !places.includes(-1) ? places[0]! : -1;
  };
  const behind = [
    ...query.matchAll(/\b(?:in|among|within|for|from|on|at|by) (?:the |an? )?([\p{L}\p{N}/-]+)/giu),
  ];
  const within = new Set(behind.flatMap(([, word]) => [...contentWords(word!)]));
  const found: Named[] = [];
  for (const column of table.columns.values()) {
    const at = column.from === undefined ? place(column.name.replaceAll("_", " "), isKin) : -1;
    if (at >= 0) found.push({ column, at, value: undefined, within: false });
    if (column.role !== "label" || column.labels.length > mostValues) continue;
    for (const value of column.labels) {
      const where = value.length > 100 ? -1 : place(value.replaceAll("_", " "));
      if (where >= 0) found.push({ column, at: where, value, within: within.has(words[where]!) });
    }
  }
  return found.filter((one) => !isPartOf(one, found)).sort((a, b) => a.at - b.at);
}

/** True for words of one stem, such as urgent and urgency. */
function isKin(a: string, b: string): boolean {
  const shared = Math.min(a.length, b.length) - 1;
  return (
    a === b || (shared >= 5 && a.slice(0, shared) === b.slice(0, shared) && Math.abs(a.length - b.length) < 3)
  );
}

/** True for a value within a longer one that was found too: `pump` in `fuel pump`. */
function isPartOf({ column, value }: Named, found: readonly Named[]): boolean {
  const words = (text: string) => [...contentWords(text.replaceAll("_", " "))];
  return (
    value !== undefined &&
    found.some(
      (other) =>
        other.column === column &&
        other.value !== undefined &&
        words(other.value).length > words(value).length &&
        words(value).every((word) => words(other.value!).includes(word)),
    )
  );
}

function periods(query: string, table: ReportTable): ReportColumn[] {
  const dates = [...table.columns.values()].filter(({ role }) => role === "date");
  const part = Object.entries(partWords).find(([, words]) => words.test(query))?.[0];
  const column = part === undefined ? undefined : table.columns.get(`${dates[0]?.name}_${part}`);
  return column ? [column] : [];
}

function numberAsked(query: string, table: ReportTable, named: readonly Named[]): ReportColumn | undefined {
  const number = named.find(({ column, value }) => value === undefined && column.role === "number")?.column;
  // A rating is grouped by, unless its mean or the like is asked for.
  if (number)
    return isGroupable(number) && !measureWords.some(([, words]) => words.test(query)) ? undefined : number;
  const texts = [...table.columns.values()].filter(({ role }) => role === "text");
  const text =
    named.find(({ column, value }) => value === undefined && column.role === "text")?.column ?? texts[0];
  if (text && lengthWords.test(query)) return table.columns.get(`${text.name}_words`);
  const asksMean = /\b(?:mean|average|median|sum)\b/i.test(query);
  return asksMean ? [...table.columns.values()].find(({ role }) => role === "number") : undefined;
}

/** Where nothing was named: the labels of which there are fewest, or the months, or the ranges of a number. */
function fallback(table: ReportTable, filters: readonly PlanFilter[]): ReportColumn[] {
  const looked = new Set(filters.map(({ column }) => column));
  const columns = [...table.columns.values()].filter(({ name }) => !looked.has(name));
  const labels = columns
    .filter(({ role, labels: values }) => role === "label" && values.length > 1)
    .sort((a, b) => a.labels.length - b.labels.length);
  const period = columns.find(({ role }) => role === "period");
  return [labels[0] ?? period].filter((column) => column !== undefined);
}
