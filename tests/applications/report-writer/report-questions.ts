import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { numberIn } from "../../../src/applications/report-writer/number-in.ts";
import { cellText } from "../../../src/applications/report-writer/result.ts";
import type { WrittenReport } from "../../../src/applications/index.ts";
import { Dataset } from "../../../src/data/index.ts";

/** A question over one of the project's tables, with a figure that answers it, counted apart from the report writer. */
export interface ReportQuestion {
  id: string;
  table: "feedback" | "logbook";
  question: string;
  label: string;
  measure: string;
  value: number;
}

const dataset = (name: string, types = {}) =>
  Dataset.read(fileURLToPath(new URL(`../../../datasets/${name}.csv`, import.meta.url)), { types });

export async function readQuestions() {
  const questions = await dataset("report_questions", { label: "string" });
  const tables = { feedback: await dataset("feedback"), logbook: await dataset("logbook") };
  return { questions: questions.rows() as unknown as ReportQuestion[], tables };
}

/** Every number of the report is a cell of a result, found again by row, column and unit; there is no other. */
export function expectComputed(report: WrittenReport): void {
  for (const { pieces } of report.sentences) {
    let rest = "";
    for (const piece of pieces) {
      if (typeof piece === "string") {
        expect(numberIn(piece)).toBeUndefined();
        expect(piece).not.toMatch(/\d/);
        rest += piece;
        continue;
      }
      const result = report.results.find(({ id }) => id === piece.result)!;
      const place = result.columns.findIndex(({ name }) => name === piece.column.name);
      expect(result.columns[place]!.unit).toBe(piece.column.unit);
      if (piece.row === undefined) continue;
      expect(result.rows[piece.row]![place]).toBe(piece.value);
      expect(piece.text).toBe(cellText(piece.value, piece.column));
    }
    expect(rest).not.toMatch(/[{}]/);
  }
}

/** True where a sentence tells the figure that answers the question, of the row that it is of. */
export function tells(report: WrittenReport, { label, measure, value }: ReportQuestion): boolean {
  return report.sentences.some(({ pieces }) =>
    pieces.some((piece) => {
      if (typeof piece === "string" || piece.row === undefined || typeof piece.value !== "number")
        return false;
      const cells = report.results.find(({ id }) => id === piece.result)!.rows[piece.row]!;
      return (
        cells.includes(label) && piece.column.measure === measure && Math.abs(piece.value - value) < 1e-6
      );
    }),
  );
}
