import { existsSync, readFileSync } from "node:fs";
import papaparse from "papaparse";
import { describe, expect, test } from "vitest";
import { contentWords } from "../../src/retrieval/content-words.ts";
import { cardTable, readTable, readText } from "./files.ts";

type Entry = Record<"id" | "date" | "aircraft" | "component" | "group" | "problem" | "action", string>;
type Question = Record<
  "id" | "question" | "relevant" | "answer" | "answerable" | "overlap" | "split",
  string
>;

const entryFile = readTable<Entry>("logbook.csv");
const questionFile = readTable<Question>("logbook_questions.csv");
const entries = entryFile.data;
const questions = questionFile.data;
const card = readText("logbook.md");
const byId = new Map(entries.map((entry) => [entry.id, entry]));
const relevantTo = (question: Question) =>
  question.relevant === "" ? [] : question.relevant.split(";").map((id) => byId.get(id)!);

/** Content words, those of `L/H` or of a hyphenated word one by one, single letters and numbers left out. */
const words = (text: string): Set<string> =>
  new Set([...contentWords(text.replace(/[-/'’]/g, " "))].filter((word) => !/^(?:.|\d+)$/.test(word)));

const wordsOf = ({ component, aircraft, group, problem, action }: Entry) =>
  words([component, aircraft, group, problem, action].join(" "));

const letters = (text: string) =>
  text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, " ")
    .trim();

const repeated = (values: readonly string[]) =>
  values.filter((value, index) => values.indexOf(value) !== index);

describe("datasets/logbook.csv", () => {
  test("is well formed: seven columns, no ragged line, no empty or padded cell", () => {
    expect(entryFile.errors).toEqual([]);
    expect(entryFile.meta.fields).toEqual([
      "id",
      "date",
      "aircraft",
      "component",
      "group",
      "problem",
      "action",
    ]);
    for (const entry of entries) {
      for (const cell of Object.values(entry)) expect(cell.trim(), JSON.stringify(entry)).toBe(cell);
      expect(Object.values(entry)).not.toContain("");
    }
  });

  test("has as many entries, aircraft and components as the card says, and at least 500 entries", () => {
    expect(entries.length).toBeGreaterThanOrEqual(500);
    expect(card).toContain(`holds ${entries.length} entries`);
    expect(card).toContain(`${new Set(entries.map(({ aircraft }) => aircraft)).size} aircraft`);
    expect(card).toContain(`${new Set(entries.map(({ component }) => component)).size} components`);
  });

  test("numbers the entries in the order of their dates, within the span the card states", () => {
    const numbers = entries.map((_, index) => `LB-${String(index + 1).padStart(4, "0")}`);
    expect(entries.map(({ id }) => id)).toEqual(numbers);
    const dates = entries.map(({ date }) => date);
    for (const date of dates) expect(new Date(date).toISOString().slice(0, 10)).toBe(date);
    expect(dates).toEqual([...dates].sort());
    expect(card).toContain(`from ${dates[0]} to ${dates.at(-1)}`);
  });

  test("holds the groups as the card counts them; registrations follow one pattern", () => {
    const counted = ["base", "line", "avionics"].map((group) => [
      group,
      String(entries.filter((entry) => entry.group === group).length),
    ]);
    expect(cardTable(card, "group").map(([group, count]) => [group, count])).toEqual(counted);
    expect(counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(entries.length);
    for (const { aircraft } of entries) expect(aircraft).toMatch(/^QL-[A-Z]{3}$/);
  });

  test("is shorthand: capitals throughout, and the abbreviations of the trade", () => {
    for (const { problem, action } of entries) expect(problem + action).toMatch(/^[^a-z]+$/);
    for (const term of ["L/H", "R/H", "INOP", "REPL'D", "IAW AMM", "C/W", "#2 ENG"]) {
      expect(
        entries.some(({ problem, action }) => `${problem} ${action}`.includes(term)),
        term,
      ).toBe(true);
    }
  });

  test("repeats no problem", () => {
    expect(repeated(entries.map(({ problem }) => letters(problem)))).toEqual([]);
  });

  test("has recurring faults: components with many entries, and the same one again on one aircraft", () => {
    const counts = new Map<string, number>();
    for (const { component, aircraft } of entries) {
      for (const key of [component, `${component} ${aircraft}`]) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const components = new Set(entries.map(({ component }) => component));
    expect([...components].filter((component) => counts.get(component)! >= 6).length).toBeGreaterThan(40);
    expect(counts.get("rocker cover QL-OAK")).toBeGreaterThanOrEqual(5);
    expect(counts.get("nose strut QL-DOR")).toBeGreaterThanOrEqual(4);
  });

  test("copies nothing from the real logbook", ({ skip }) => {
    const real = new URL("../../../shared/data/maintenance_logbook.csv", import.meta.url);
    if (!existsSync(real)) return skip("no ../shared/data/maintenance_logbook.csv here");
    const rows = papaparse.parse<{ problem: string; action: string }>(readFileSync(real, "utf8"), {
      header: true,
      skipEmptyLines: true,
    }).data;
    const theirs = new Set(rows.flatMap(({ problem, action }) => [letters(problem), letters(action)]));
    expect(rows.length).toBeGreaterThan(4000);
    expect(
      entries.filter(({ problem, action }) => theirs.has(letters(problem)) || theirs.has(letters(action))),
    ).toEqual([]);
  });
});

describe("datasets/logbook_questions.csv", () => {
  const answerable = questions.filter((question) => question.answerable === "true");
  const others = questions.filter((question) => question.answerable === "false");

  test("is well formed: seven columns, no ragged line, unique ids and questions", () => {
    expect(questionFile.errors).toEqual([]);
    expect(questionFile.meta.fields).toEqual([
      "id",
      "question",
      "relevant",
      "answer",
      "answerable",
      "overlap",
      "split",
    ]);
    expect(repeated(questions.map(({ id }) => id))).toEqual([]);
    expect(repeated(questions.map(({ question }) => letters(question)))).toEqual([]);
    expect(answerable.length + others.length).toBe(questions.length);
  });

  test("has as many questions as the card says, a fifth of them without an answer", () => {
    expect(questions.length).toBeGreaterThanOrEqual(100);
    expect(card).toContain(`holds ${questions.length} questions`);
    expect(others.length / questions.length).toBe(0.2);
  });

  test("names entries that exist, each once, and an answer where there is one", () => {
    for (const question of answerable) {
      const ids = question.relevant.split(";");
      expect(repeated(ids)).toEqual([]);
      for (const id of ids) expect(byId.has(id), `${question.id}: ${id}`).toBe(true);
      expect(question.answer.length).toBeGreaterThan(10);
    }
    for (const { relevant, answer, overlap } of others)
      expect([relevant, answer, overlap]).toEqual(["", "", ""]);
    const most = Math.max(...answerable.map((question) => relevantTo(question).length));
    expect(card).toContain(`one to ${["", "", "", "", "", "", "", "", "", "nine", "ten"][most]} relevant`);
  });

  test("shares no content word with any relevant entry in half of the answerable questions", () => {
    const apart = answerable.filter(({ overlap }) => overlap === "none");
    expect(apart.length * 2).toBe(answerable.length);
    const shared = apart.flatMap((question) => {
      const asked = words(question.question);
      return relevantTo(question).flatMap((entry) =>
        [...wordsOf(entry)]
          .filter((word) => asked.has(word))
          .map((word) => `${question.id} ${entry.id} ${word}`),
      );
    });
    expect(shared).toEqual([]);
  });

  test("shares a content word with each relevant entry in the other half", () => {
    const near = answerable.filter(({ overlap }) => overlap === "words");
    expect(near.length * 2).toBe(answerable.length);
    for (const question of near) {
      const asked = words(question.question);
      for (const entry of relevantTo(question)) {
        expect(
          [...wordsOf(entry)].some((word) => asked.has(word)),
          `${question.id} ${entry.id}`,
        ).toBe(true);
      }
    }
  });

  test("names all entries of an aircraft and component where a question names both", () => {
    const strut = questions.find(({ question }) => question.includes("nose strut of QL-DOR"))!;
    const ids = entries
      .filter(({ aircraft, component }) => aircraft === "QL-DOR" && component === "nose strut")
      .map(({ id }) => id);
    expect(strut.relevant.split(";")).toEqual(ids);
  });

  test("halves into tune and test, each kind of question alike", () => {
    for (const kind of ["words", "none", ""]) {
      const some = questions.filter(({ overlap }) => overlap === kind);
      const tune = some.filter(({ split }) => split === "tune").length;
      expect(tune * 2, kind).toBe(some.length);
      expect(some.filter(({ split }) => split === "test").length, kind).toBe(some.length - tune);
    }
  });
});
