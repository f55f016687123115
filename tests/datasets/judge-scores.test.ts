import { describe, expect, test } from "vitest";
import { cardTable, readTable, readText } from "./files.ts";

type Scored = Record<"query" | "document" | "score" | "rationale", string>;

const file = readTable<Scored>("judge_scores.csv");
const rows = file.data;
const card = readText("judge_scores.md");

describe("datasets/judge_scores.csv", () => {
  test("is well formed: four columns, no ragged line, no empty or padded cell, no pair twice", () => {
    expect(file.errors).toEqual([]);
    expect(file.meta.fields).toEqual(["query", "document", "score", "rationale"]);
    for (const row of rows) {
      for (const cell of Object.values(row)) expect(cell.trim(), JSON.stringify(row)).toBe(cell);
      expect(Object.values(row)).not.toContain("");
    }
    const pairs = new Set(rows.map(({ query, document }) => `${query}\n${document}`));
    expect(pairs.size).toBe(rows.length);
  });

  test("has as many rows and questions as the card says, and at least 60 rows", () => {
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(card).toContain(`holds ${rows.length} pairs`);
    expect(card).toContain(`${new Set(rows.map(({ query }) => query)).size} different ones`);
  });

  test("holds the scores as the card counts them, each at least 12 times", () => {
    const counts = cardTable(card, "score").map(([score, count]) => [score, Number(count)] as const);
    expect(counts.map(([score]) => score)).toEqual(["5", "4", "3", "2", "1"]);
    for (const [score, count] of counts) {
      expect(rows.filter((row) => row.score === score).length, score).toBe(count);
      expect(count).toBeGreaterThanOrEqual(12);
    }
  });

  test("judges entries of the logbook, to the letter", () => {
    const entries = readTable<Record<string, string>>("logbook.csv").data;
    const lines = new Set(
      entries.map(
        ({ date, aircraft, component, problem, action }) =>
          `${date} ${aircraft} ${component}: ${problem} ${action}`,
      ),
    );
    expect(rows.filter(({ document }) => !lines.has(document))).toEqual([]);
  });

  test("gives no full score to an entry of another aircraft than the one a question names", () => {
    for (const { query, document, score } of rows) {
      const named = /QL-[A-Z]{3}/.exec(query)?.[0];
      if (named !== undefined && score === "5") expect(document).toContain(named);
    }
  });
});
