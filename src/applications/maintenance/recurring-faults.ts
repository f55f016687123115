import { ConfigurationError, DataError } from "../../core/index.ts";
import { Dataset, type TableLike } from "../../data/index.ts";
import { mean } from "../../evaluate/index.ts";

/** Which columns of a logbook hold what. */
export interface LogbookColumns {
  /** What the fault was in: `component`. Several columns count together: `["aircraft", "component"]`. */
  component?: string | readonly string[] | undefined;
  /** Default `date`: ISO 8601, or dates. */
  date?: string | undefined;
  /** Default `problem`. */
  problem?: string | undefined;
  /** Default `action`. */
  action?: string | undefined;
}

/** What the outlook of {@link recurringFaults} is over. */
export interface OutlookOptions extends LogbookColumns {
  /** Days ahead. Default 90. */
  days?: number | undefined;
  /** The day the outlook is made on. Default: that of the last entry. Later entries are left out. */
  asOf?: string | Date | undefined;
}

/** How a component has failed so far, and what to expect of it. */
export interface RecurringFault {
  /** The component; with several columns their values, ` · ` between them. */
  component: string;
  /** Entries so far. */
  faults: number;
  /** Days from one entry to the next on average; null for a component with one entry. */
  daysBetween: number | null;
  first: string;
  last: string;
  /** What was found and done the last time. */
  lastProblem: string | null;
  lastAction: string | null;
  /** What was done most often, in the logbook's own words. */
  usualAction: string | null;
  /** Faults to expect in the days ahead. */
  expected: number;
  /** Chance of one fault or more in the days ahead, 0 to 1. */
  chance: number;
}

const day = 86_400_000;

/**
 * Which components fail again and again, how often, what was done the last time, and which will likely fail next:
 * from the logbook's own counts, likeliest first. No model is asked.
 *
 * Faults are taken to come at a steady rate that each component has for itself: with n entries in T days, the count
 * in the next H days is negative binomial (the Poisson rate with Jeffreys' prior, a Gamma of shape n + 1/2 and rate
 * T), so expected = (n + 1/2) H / T and chance = 1 - (T / (T + H))^(n + 1/2). Wear, seasons and repairs that hold for
 * good are not seen: {@link backtest} says how well it does on a logbook.
 *
 * @throws DataError for a date that is none, with its row, and for a logbook without entries up to `asOf`.
 */
export function recurringFaults(logbook: TableLike, options: OutlookOptions = {}): Dataset<RecurringFault> {
  const { days = 90 } = options;
  if (!(days > 0)) throw new ConfigurationError(`invalid days: ${days}; expected a number above 0`);
  const entries = entriesOf(logbook, options);
  const end = options.asOf === undefined ? (entries.at(-1)?.time ?? NaN) : timeOf(options.asOf, undefined);
  const past = entries.filter(({ time }) => time <= end);
  const first = past[0];
  if (!first) throw new DataError("the logbook has no entry up to the day of the outlook");
  const observed = Math.max(1, (end - first.time) / day);
  const groups = new Map<string, Entry[]>();
  for (const entry of past) {
    const group = groups.get(entry.component);
    if (group) group.push(entry);
    else groups.set(entry.component, [entry]);
  }
  const faults = [...groups].map(([component, group]): RecurringFault => {
    const last = group.at(-1)!;
    const shape = group.length + 0.5;
    return {
      component,
      faults: group.length,
      daysBetween: group.length > 1 ? (last.time - group[0]!.time) / day / (group.length - 1) : null,
      first: dateText(group[0]!.time),
      last: dateText(last.time),
      lastProblem: last.problem,
      lastAction: last.action,
      usualAction: commonest(group.map(({ action }) => action)),
      expected: (shape * days) / observed,
      chance: 1 - (observed / (observed + days)) ** shape,
    };
  });
  faults.sort((a, b) => b.chance - a.chance || (a.component < b.component ? -1 : 1));
  return Dataset.from(faults);
}

/** How well the outlook would have done; see {@link backtest}. */
export interface Backtest {
  /** The day the outlook was made on. */
  asOf: string;
  /** Days looked ahead, and how many entries came in them. */
  days: number;
  faults: number;
  /** Entries in them that were of the `top` likeliest components, as a share of all; NaN where there were none. */
  caught: number;
  /** The same share for as many components drawn by chance. */
  byChance: number;
  /** How many components were taken for likeliest: a quarter of those known. */
  top: number;
  /** Mean squared difference of chance and outcome over the known components (Brier 1950); 0 is best. */
  brier: number;
  /** The same for one chance for all, the share of components that did fail in as many days before. */
  brierOfBase: number;
}

/**
 * Makes the outlook as of some day before the logbook's end, and compares it with what came.
 *
 * @throws DataError as {@link recurringFaults}.
 */
export function backtest(logbook: TableLike, options: OutlookOptions & { asOf: string | Date }): Backtest {
  const { days = 90 } = options;
  const outlook = recurringFaults(logbook, options);
  const from = timeOf(options.asOf, undefined);
  const entries = entriesOf(logbook, options);
  const within = (start: number, end: number) =>
    entries.filter(({ time }) => time > start && time <= end).map(({ component }) => component);
  const came = within(from, from + days * day);
  const before = new Set(within(from - days * day, from));
  const top = Math.max(1, Math.round(outlook.length / 4));
  const likeliest = new Set(outlook.column("component").slice(0, top));
  const base = before.size / outlook.length;
  const failed = new Set(came);
  const squares = outlook.rows().map(({ component, chance }) => {
    const outcome = failed.has(component) ? 1 : 0;
    return [(chance - outcome) ** 2, (base - outcome) ** 2] as const;
  });
  return {
    asOf: dateText(from),
    days,
    faults: came.length,
    caught: came.filter((component) => likeliest.has(component)).length / came.length,
    byChance: top / outlook.length,
    top,
    brier: mean(squares.map(([ours]) => ours)),
    brierOfBase: mean(squares.map(([, theirs]) => theirs)),
  };
}

interface Entry {
  time: number;
  component: string;
  problem: string | null;
  action: string | null;
}

/** The entries that name a component, oldest first. */
function entriesOf(logbook: TableLike, columns: LogbookColumns): Entry[] {
  const { component = "component", date = "date", problem = "problem", action = "action" } = columns;
  const data = Dataset.from(logbook);
  const names = [component].flat();
  const held = (name: string) => (data.columns.includes(name) ? data.column(name) : undefined);
  const [dates, problems, actions] = [data.column(date), held(problem), held(action)];
  const parts = names.map((name) => data.column(name));
  const entries: Entry[] = [];
  for (let row = 0; row < data.length; row++) {
    const values = parts.map((part) => part[row]);
    if (values.some((value) => value === null || value === "")) continue;
    entries.push({
      time: timeOf(dates[row], row + 1),
      component: values.map(String).join(" · "),
      problem: textOf(problems?.[row]),
      action: textOf(actions?.[row]),
    });
  }
  return entries.sort((a, b) => a.time - b.time);
}

function timeOf(value: unknown, row: number | undefined): number {
  const time = value instanceof Date ? value.getTime() : Date.parse(String(value));
  if (Number.isNaN(time))
    throw new DataError(`"${String(value)}" is no date; expected one such as 2026-03-31`, { row });
  return time;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function dateText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The value that occurs most often, the earlier one where two tie; null where there is none. */
function commonest(values: readonly (string | null)[]): string | null {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: string | null = null;
  for (const [value, count] of counts) if (best === null || count > counts.get(best)!) best = value;
  return best;
}
