import fc from "fast-check";
import { expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";

const plain = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
const long = fc.string({ unit: "grapheme-ascii", minLength: 500, maxLength: 600 });
const strange = fc.string({ unit: "grapheme", maxLength: 20 });
const text = fc.oneof(
  { arbitrary: plain, weight: 8 },
  { arbitrary: long, weight: 1 },
  { arbitrary: strange, weight: 1 },
  { arbitrary: fc.constant(null), weight: 1 },
);

test("texts are read as they were given, in turn and in any order", { timeout: 120_000 }, () => {
  const texts = fc.array(text, { minLength: 150, maxLength: 300 });
  const order = fc.array(fc.nat({ max: 149 }), { minLength: 50, maxLength: 200 });
  fc.assert(
    fc.property(texts, order, (texts, order) => {
      const column = Dataset.from({ text: texts, place: texts.map((_, place) => place) });
      expect(column.column("text")).toEqual(texts);
      for (const place of order) {
        expect(column.at(place).text).toBe(texts[place]);
        // Read in turn from anywhere on.
        expect(column.slice(place, place + 5).column("text")).toEqual(texts.slice(place, place + 5));
      }
      const kept = column.filter(({ place }) => place % 7 !== 0);
      expect(kept.column("text")).toEqual(texts.filter((_, place) => place % 7 !== 0));
    }),
    { numRuns: 30 },
  );
});
