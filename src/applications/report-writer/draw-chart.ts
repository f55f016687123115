import {
  barChart,
  type Chart,
  colours,
  columnChart,
  lineChart,
  pointChart,
  seriesColours,
} from "../../reports/index.ts";
import type { ChartSpecification } from "./plan.ts";
import { cellText, type ReportResult, type ResultColumn } from "./result.ts";

/** More bars than this are a list; the table beside the chart is one. */
const mostBars = 40;

/** The chart that a result's specification asks for; undefined where it asks for none, or nothing was found. */
export function drawChart(result: ReportResult): Chart | undefined {
  const { chart, rows } = result;
  if (chart === null || rows.length === 0) return undefined;
  const title = result.title;
  const alternative = inWords(result, chart);
  const y = placeOf(result, chart.y);
  const format = formatOf(result.columns[y]!);
  const unit = result.columns[y]!.title;
  if (chart.kind === "scatter") {
    const x = placeOf(result, chart.x);
    const across = result.columns[x]!;
    return pointChart({
      title,
      names: rows.map((row) => labelsOf(result, row).join(", ")),
      x: { title: across.title, values: rows.map((row) => shown(row[x]!, across)), format: formatOf(across) },
      y: { title: unit, values: rows.map((row) => shown(row[y]!, result.columns[y]!)), format },
      alternative,
    });
  }
  const { names, series } = seriesOf(
    chart.kind === "bar" ? { ...result, rows: rows.slice(0, mostBars) } : result,
    chart.x,
    y,
  );
  switch (chart.kind) {
    case "bar":
      return barChart({ title, unit, names, series, format, alternative });
    case "line":
      return lineChart({ title, unit, names, series, format, alternative });
    case "histogram": {
      const values = series[0]!.values.map((value) => value ?? 0);
      return series.length > 1
        ? barChart({ title, unit, names, series, format, alternative })
        : columnChart({ title, unit, names, values, color: colours.after, format, alternative });
    }
  }
}

/** The values of `y` by those of `x`; a series for each value of the other group, where there is one. */
function seriesOf(result: ReportResult, x: string, y: number) {
  const at = placeOf(result, x);
  const by = result.columns.findIndex(({ measure, name }) => measure === undefined && name !== x);
  const column = result.columns[y]!;
  const text = (value: string | number | null) => cellText(value, { unit: "" });
  const names = [...new Set(result.rows.map((row) => text(row[at]!)))];
  const kinds = by < 0 ? [column.title] : [...new Set(result.rows.map((row) => text(row[by]!)))];
  const series = kinds.map((name, place) => ({
    name,
    color: by < 0 ? colours.after : seriesColours[place % seriesColours.length]!,
    values: names.map((each) => {
      const row = result.rows.find(
        (cells) => text(cells[at]!) === each && (by < 0 || text(cells[by]!) === name),
      );
      return row ? shown(row[y]!, column) : null;
    }),
  }));
  return { names, series };
}

function placeOf(result: ReportResult, name: string): number {
  return result.columns.findIndex((column) => column.name === name);
}

function labelsOf(result: ReportResult, row: ReportResult["rows"][number]): string[] {
  return row
    .slice(0, result.columns.filter(({ measure }) => measure === undefined).length)
    .map((label) => cellText(label, { unit: "" }));
}

/** A share is drawn in percent, as it is read. */
function shown(value: string | number | null, { unit }: ResultColumn): number | null {
  return typeof value !== "number" ? null : unit === "%" ? value * 100 : value;
}

function formatOf(column: ResultColumn): (value: number) => string {
  return (value) => cellText(column.unit === "%" ? value / 100 : value, column);
}

/** The first rows, as they read. */
function inWords(result: ReportResult, { x, y }: ChartSpecification): string {
  const told = result.rows.slice(0, 6).map((row) => {
    const [across, up] = [placeOf(result, x), placeOf(result, y)];
    const name =
      result.columns[across]!.measure === undefined ? [] : [cellText(row[across]!, result.columns[across]!)];
    return [labelsOf(result, row).join(", "), ...name, cellText(row[up]!, result.columns[up]!)].join(": ");
  });
  return `${told.join("; ")}${result.rows.length > told.length ? "; …" : "."}`;
}
