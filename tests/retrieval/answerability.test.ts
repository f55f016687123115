import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import type { Passage } from "../../src/modules/index.ts";
import { Answerability, type AnswerabilityExample, contentWords } from "../../src/retrieval/index.ts";

const found = (text: string, similarity?: number): Passage => ({
  id: text,
  text,
  source: {},
  fields: { action: "REPLACED" },
  score: 1,
  similarity,
});

/** Alternates between questions whose passages are near and those whose passages are far, with some overlap. */
const examples: AnswerabilityExample[] = Array.from({ length: 60 }, (_, index) => {
  const answerable = index % 2 === 0;
  const similarity = (answerable ? 0.6 : 0.3) + ((index * 7) % 20) / 100;
  return {
    question: "Why does the pump leak?",
    passages: [found(answerable ? "PUMP LEAKING" : "TYRE WORN", similarity), found("OTHER", 0.1)],
    answerable,
  };
});

describe("Answerability", () => {
  test("learns to tell questions whose passages are near from those whose are not", () => {
    const fitted = Answerability.fit(examples);
    for (const { question, passages, answerable } of examples)
      expect(fitted.holds(question, passages)).toBe(answerable);
  });

  test("weighs meaning where no word is shared, and words where there is no similarity", () => {
    const mute = examples.map((each) => ({ ...each, question: "Whence the drip?" }));
    const byMeaning = Answerability.fit(mute);
    const share = mute.filter((each) => byMeaning.holds(each.question, each.passages) === each.answerable);
    expect(share.length).toBeGreaterThan(54);
    const worded = examples.map((each) => ({ ...each, passages: [found(each.passages[0]!.text)] }));
    const byWords = Answerability.fit(worded);
    for (const { question, passages, answerable } of worded)
      expect(byWords.holds(question, passages)).toBe(answerable);
  });

  test("says no where nothing was found", () => {
    const fitted = Answerability.fit(examples);
    expect(fitted.chance("Why does the pump leak?", [])).toBe(0);
    expect(fitted.holds("Why does the pump leak?", [])).toBe(false);
  });

  test("is what its state says, written down and read again", () => {
    const fitted = Answerability.fit(examples);
    const again = new Answerability(JSON.parse(JSON.stringify(fitted.state)) as typeof fitted.state);
    const { question, passages } = examples[4]!;
    expect(again.chance(question, passages)).toBe(fitted.chance(question, passages));
  });

  test("needs examples of both kinds, and a weight for each feature", () => {
    expect(() => Answerability.fit(examples.filter(({ answerable }) => answerable))).toThrow(
      /0 questions that cannot/,
    );
    expect(() => new Answerability({ weights: [1, 2], threshold: 0.5 })).toThrow(ConfigurationError);
  });
});

describe("contentWords", () => {
  test("leaves out what is said of anything, and the endings", () => {
    expect([...contentWords("What was done when the fuel pumps were LEAKING?")]).toEqual([
      "fuel",
      "pump",
      "leak",
    ]);
  });

  test("keeps shorthand and registrations whole", () => {
    expect([...contentWords("L/H gear of N-512QX, #2 engine; Zürich")]).toEqual([
      "l/h",
      "gear",
      "n-512qx",
      "engin",
      "zurich",
    ]);
  });
});
