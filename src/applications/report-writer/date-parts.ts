import type { ReportColumn } from "./table.ts";

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Of a day in the form of ISO 8601. */
const parts: Readonly<Record<string, (day: string) => string>> = {
  year: (day) => day.slice(0, 4),
  quarter: (day) => `${day.slice(0, 4)} Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`,
  month: (day) => day.slice(0, 7),
  weekday: (day) => weekdays[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7]!,
};

/** The parts of a column of days that rows can be grouped by: `date_year`, `_quarter`, `_month` and `_weekday`. */
export function dateParts({ name, values }: ReportColumn): ReportColumn[] {
  return Object.entries(parts).map(([part, read]) => {
    const made = values.map((day) => (day === null ? null : read(String(day))));
    const labels = part === "weekday" ? weekdays : [...new Set(everyMonth(values).map(read))];
    return { name: `${name}_${part}`, role: "period", unit: "", from: name, values: made, labels };
  });
}

/** The first day of each month from that of the earliest day to that of the latest. */
function everyMonth(days: ReportColumn["values"]): string[] {
  const present = days.filter((day) => day !== null).map(String);
  const first = present.reduce((a, b) => (a < b ? a : b));
  const last = present.reduce((a, b) => (a > b ? a : b));
  const months: string[] = [];
  for (let [year, month] = first.split("-").map(Number) as [number, number]; ; month++) {
    if (month > 12) [year, month] = [year + 1, 1];
    const day = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-01`;
    if (day.slice(0, 7) > last.slice(0, 7)) return months;
    months.push(day);
  }
}

/** The day of a date, or of a text that begins with one in the form of ISO 8601 (UTC); null where it is none. */
export function isoDay(value: Date | string): string | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString().slice(0, 10);
  const match = /^\d{4}-\d{2}-\d{2}(?=$|[T ]\d{2}:\d{2})/.exec(value);
  if (!match || Number.isNaN(Date.parse(value))) return null;
  // February 30 is read as the 2nd of March by some engines; such a text is no date.
  const [day] = match;
  const read = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(day) ? day : null;
}
