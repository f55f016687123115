import { describe, expect, test } from "vitest";
import { cardTable as tableOf, readTable, readText } from "./files.ts";

const columns = ["text", "channel", "sentiment", "category", "urgency"] as const;
type Message = Record<(typeof columns)[number], string>;

const file = readTable<Message>("feedback.csv");
const messages = file.data;
const card = readText("README.md");

const cardTable = (heading: string) => tableOf(card, heading);

const sentiments = ["negative", "neutral", "positive"];

/** Counts by sentiment and their sum, spelt as a line of the card. */
const counts = (name: string, among: Message[]) => [
  name,
  ...sentiments.map((sentiment) => String(among.filter((row) => row.sentiment === sentiment).length)),
  String(among.length),
];

/** Words or letters that tell a language from the others; enough for the messages at hand. */
const marks: Record<string, RegExp> = {
  Spanish: /\b(el|la|los|las|que|mi|se|una?|con)\b/i,
  French: /\b(le|la|de|une?|du|au|et|par|vol|vous)\b/i,
  German: /\b(ich|der|die|das|und|inkl|leise|vier|ausbaufähig|geht)\b/i,
  Dutch: /\b(mijn|het|en|op|de|wij)\b/i,
  Portuguese: /\b(o|pra|não|com|de|meu|três|voltarei)\b/i,
  Italian: /\b(il|lo|mio|rotto|non|siamo|qualcosa)\b/i,
  Turkish: /[ığşüö]/,
  Japanese: /[\u3040-\u30ff]/,
  Polish: /[ąćęłńóśźż]/i,
};

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

describe("datasets/feedback.csv", () => {
  test("is well formed: the five columns, no ragged line, no empty or padded cell", () => {
    expect(file.errors).toEqual([]);
    expect(file.meta.fields).toEqual([...columns]);
    for (const row of messages) {
      for (const column of columns) expect(row[column].trim(), JSON.stringify(row)).toBe(row[column]);
      expect(Object.values(row)).not.toContain("");
    }
  });

  test("has as many rows as the card says, and at least 420", () => {
    expect(card).toContain(`holds ${messages.length} messages`);
    expect(messages.length).toBeGreaterThanOrEqual(420);
  });

  test.each(["category", "channel", "urgency"] as const)(
    "holds the labels of %s as the card counts them",
    (column) => {
      const lines = cardTable(column).filter(([name]) => name !== "all");
      const found = lines.map(([name = ""]) =>
        counts(
          name,
          messages.filter((row) => row[column] === name),
        ),
      );
      expect(found).toEqual(lines);
      expect(new Set(messages.map((row) => row[column]))).toEqual(new Set(lines.map(([name]) => name)));
    },
  );

  test("holds the sentiments as the card counts them, most of them negative", () => {
    expect(cardTable("category").at(-1)).toEqual(counts("all", messages));
    expect(new Set(messages.map((row) => row.sentiment))).toEqual(new Set(sentiments));
    const negative = messages.filter((row) => row.sentiment === "negative").length / messages.length;
    expect(card).toContain(`right for ${Math.round(negative * 100)} %`);
  });

  test("is in the languages the card lists, row by row", () => {
    const languages = cardTable("language");
    const numbers = languages.flatMap(([, , which = ""]) => which.split(", ").map(Number));
    expect(languages.map(([name]) => name)).toEqual(Object.keys(marks));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(card).toContain(`in English (${messages.length - numbers.length})`);
    for (const [name = "", rows, which = ""] of languages) {
      expect(which.split(", ")).toHaveLength(Number(rows));
      for (const number of which.split(", ").map(Number))
        expect(messages[number - 1]?.text).toMatch(marks[name]!);
    }
  });

  test("has awkward texts: commas, quotation marks, line breaks, markup", () => {
    for (const awkward of [",", '"', "\n", "<script>", "**"])
      expect(
        messages.some((row) => row.text.includes(awkward)),
        awkward,
      ).toBe(true);
  });

  test("spans the lengths the card states", () => {
    const lengths = messages.map((row) => row.text.split(/\s+/).length).sort((a, b) => a - b);
    const median = lengths[Math.floor(lengths.length / 2)];
    expect(card).toContain(`run from ${lengths[0]} to ${lengths.at(-1)} words, the median is ${median}`);
  });

  test("repeats no message, nor nearly: no pair shares more than half of its words", () => {
    const bags = messages.map((row) => new Set(words(row.text)));
    const close: string[] = [];
    bags.forEach((bag, i) => {
      for (let j = 0; j < i; j++) {
        const shared = [...bag].filter((word) => bags[j]!.has(word)).length;
        if (shared / (bag.size + bags[j]!.size - shared) > 0.5)
          close.push(`${messages[i]!.text} / ${messages[j]!.text}`);
      }
    });
    expect(close).toEqual([]);
  });

  test("has no template: no five words open two messages", () => {
    const openings = messages.map((row) => words(row.text).slice(0, 5).join(" "));
    expect(openings.filter((opening, i) => openings.indexOf(opening) !== i)).toEqual([]);
  });
});
