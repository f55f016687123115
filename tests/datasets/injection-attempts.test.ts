import { describe, expect, test } from "vitest";
import { cardTable, readTable, readText } from "./files.ts";

interface Attempt {
  id: string;
  text: string;
  attack: "true" | "false";
  kind: string;
  place: string;
  language: string;
  split: string;
}

const { data: texts, errors, meta } = readTable<Attempt>("injection_attempts.csv");
const card = readText("injection_attempts.md");
const attacks = texts.filter(({ attack }) => attack === "true");
const others = texts.filter(({ attack }) => attack === "false");

describe("datasets/injection_attempts.csv", () => {
  test("is well formed, and no text is there twice", () => {
    expect(errors).toEqual([]);
    expect(meta.fields).toEqual(["id", "text", "attack", "kind", "place", "language", "split"]);
    expect(attacks.length + others.length).toBe(texts.length);
    expect(texts.every((row) => Object.values(row).every((value) => value !== ""))).toBe(true);
    expect(new Set(texts.map(({ text }) => text)).size).toBe(texts.length);
    expect(texts.map(({ id }) => id)).toEqual(
      texts.map((_, place) => `IA-${String(place + 1).padStart(3, "0")}`),
    );
  });

  test("has 90 attacks and 90 look-alikes or more, as the card counts them", () => {
    expect(attacks.length).toBeGreaterThanOrEqual(90);
    expect(others.length).toBeGreaterThanOrEqual(90);
    expect(card).toContain(`holds ${texts.length} texts: ${attacks.length} try to`);
    expect(card).toContain(`${others.length} are the ordinary questions`);
    const tested = (rows: Attempt[]) => rows.filter(({ split }) => split === "test").length;
    expect(card).toContain(`(${tested(attacks)} attacks, ${tested(others)} others)`);
    expect(Math.min(tested(attacks), tested(others))).toBeGreaterThanOrEqual(60);
    const english = (rows: Attempt[]) => rows.filter(({ language }) => language === "en").length;
    expect(card).toContain(`${english(attacks)} attacks and ${english(others)} look-alikes are in English`);
  });

  test.each([
    ["attacks", attacks],
    ["look-alikes", others],
  ] as const)("the kinds of %s are as the card counts them, each in both parts", (heading, rows) => {
    const lines = cardTable(card, heading).map(([kind, count]) => [kind, Number(count)]);
    const kinds = [...new Set(rows.map(({ kind }) => kind))];
    const of = (kind: string) => rows.filter((row) => row.kind === kind);
    expect([...lines].sort()).toEqual(kinds.map((kind) => [kind, of(kind).length]).sort());
    for (const kind of kinds)
      expect(new Set(of(kind).map(({ split }) => split)), kind).toEqual(new Set(["development", "test"]));
    expect(new Set(rows.map(({ place }) => place))).toEqual(new Set(["question", "passage"]));
  });
});
