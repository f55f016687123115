import { clip } from "../../reports/index.ts";
import { referenceTo } from "./reference.ts";
import { cellText, type ReportResult } from "./result.ts";
import { isGroupable, type ReportTable } from "./table.ts";

const most = { columns: 60, values: 12, rows: 12 };

/**
 * The columns of a table as a model is told of them: name, role, unit, and some values of labels. Of free text and
 * identifiers nothing is told.
 */
export function columnFacts(table: ReportTable): string {
  const lines = [...table.columns.values()].slice(0, most.columns).map((column) => {
    const { name, role, unit, labels } = column;
    const values = labels.slice(0, most.values).map((label) => JSON.stringify(clip(label, 40)));
    const more = labels.length > most.values ? `, … ${labels.length} in all` : "";
    const told = isGroupable(column) ? `: ${values.join(", ")}${more}` : "";
    return `${JSON.stringify(name)} (${role}${unit === "" ? "" : `, ${unit}`})${told}`;
  });
  return [`${table.length} rows. Columns:`, ...lines].join("\n");
}

/** What was computed as a model is told of it: each cell with the reference that a sentence writes for it. */
export function resultFacts(results: readonly ReportResult[]): string {
  return results.map(factsOf).join("\n");
}

function factsOf(result: ReportResult): string {
  const lines = result.rows.slice(0, most.rows).map((cells, row) =>
    result.columns
      .flatMap((column, place) => {
        const value = cells[place]!;
        if (value === null) return [];
        const shown = typeof value === "string" ? JSON.stringify(clip(value, 60)) : cellText(value, column);
        return [`${referenceTo(result, row, column)} is ${shown}`];
      })
      .join("; "),
  );
  const more = result.rows.length > most.rows ? [`and ${result.rows.length - most.rows} rows more`] : [];
  return [`${result.id}: ${clip(result.title, 300)}`, ...lines, ...more].join("\n");
}
