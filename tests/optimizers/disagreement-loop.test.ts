import { describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { agreementOf, disagreements, evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Relevance, scaleFeedback } from "../../src/metrics/index.ts";
import { DisagreementLoop } from "../../src/optimizers/index.ts";
import { seedsOfTen } from "./planted-task.ts";
import { plantedJudge, plantedPairs, relevanceRules as rules } from "./planted-judge.ts";

const metric = scaleFeedback("score", { range: [1, 5] });
const judge = new Relevance({ instructions: "Score how much the entry helps.", lm: plantedJudge() });
const rows = { train: plantedPairs(60, 0), val: plantedPairs(80, 1), test: plantedPairs(120, 2) };

/** Writes the rules that the feedback in its sight tells of, after what is there; sometimes as `spoil` has it. */
const writer = (seen: string[], spoil: (instructions: string) => string = (text) => text) =>
  new FunctionModel(
    ({ messages }) => {
      const asked = JSON.stringify(messages.at(-1));
      seen.push(asked);
      const found = rules.filter(({ reason }) => asked.includes(reason)).map(({ text }) => text);
      const now = judgeInstructions(asked);
      const instructions = spoil([now, ...found.filter((text) => !now.includes(text))].join(" "));
      return JSON.stringify({ lessons: "see the reasons", instructions });
    },
    { name: "writer" },
  );
const judgeInstructions = (asked: string) => /Score how much the entry helps\.[^\\]*/.exec(asked)![0].trim();

describe("DisagreementLoop", () => {
  test("narrows the rows that are farthest apart, and holds on unseen rows", async () => {
    const seen: string[] = [];
    const loop = new DisagreementLoop({ metric, reflectionModel: writer(seen), seed: 1 });
    const tuned = await loop.compile(judge, rows);
    const nmse = async (program: Relevance) =>
      agreementOf(await evaluate(program, rows.test, metric)).figures.nmse.mean;
    expect(await nmse(tuned.program)).toBeLessThan(0.55 * (await nmse(judge)));
    // The first proposal is made in sight of the farthest, which here are those that are far off.
    expect(seen[0]!.match(/far off/g)!.length).toBeGreaterThanOrEqual(6);
  });

  test("finds both rules for 9 of 10 seeds, and reads training rows alone", async () => {
    const reached = await seedsOfTen(async (seed) => {
      const seen: string[] = [];
      const loop = new DisagreementLoop({ metric, reflectionModel: writer(seen), seed });
      const [train, val] = [plantedPairs(60, 10 + seed), plantedPairs(80, 40 + seed)];
      const tuned = await loop.compile(judge, { train, val, budget: { rollouts: 800 } });
      const hidden = val.rows().some(({ document }) => seen.some((prompt) => prompt.includes(document)));
      return !hidden && (await evaluate(tuned.program, rows.test, metric)).score === 1;
    });
    expect(reached).toBeGreaterThanOrEqual(9);
  });

  test("accepts nothing that wins the disputed rows and loses the rest", async () => {
    const spoil = (text: string) => `${text} Never give a five.`;
    const loop = new DisagreementLoop({ metric, reflectionModel: writer([], spoil), disputed: 0.4, seed: 1 });
    const tuned = await loop.compile(judge, rows);
    expect(tuned.kept).toBe(true);
    expect(tuned.candidates.length).toBeGreaterThan(1);
  });

  test("ends where nobody disagrees", async () => {
    const instructions = ["Score how much the entry helps.", ...rules.map(({ text }) => text)].join(" ");
    const agreeing = new Relevance({ instructions, lm: plantedJudge() });
    const tuned = await new DisagreementLoop({ metric, seed: 1 }).compile(agreeing, rows);
    expect(tuned.before).toBe(1);
    expect(tuned.used.reflection.calls).toBe(0);
  });
});

describe("disagreements", () => {
  test("of a judge and a person: the farthest first, with what each said", async () => {
    const evaluation = await evaluate(judge, rows.test, metric);
    const found = disagreements(evaluation, undefined, { limit: 500 });
    expect(found.map(({ gap }) => gap)).toEqual(found.map(({ gap }) => gap).sort((a, b) => b - a));
    expect(found.length).toBe([...evaluation.rows].filter(({ score }) => score < 1).length);
    const [first] = found;
    expect(Math.abs((first!.said as number) - (first!.row.score as number))).toBe(first!.gap);
    expect(first!.feedback).toContain("far off");
  });

  test("of two judges on the same rows; a reply that cannot be read is farthest of all", async () => {
    const data = Dataset.from([
      { query: "a", document: "b", score: 1, rationale: "" },
      { query: "c", document: "d", score: 1, rationale: "" },
      { query: "e", document: "f", score: 1, rationale: "" },
    ]);
    const saying = (...scores: (number | string)[]) => {
      const lm = new FunctionModel(({ messages }) => {
        const place = ["query: a", "query: c", "query: e"].findIndex((text) =>
          (messages[1]!.content as string).includes(text),
        );
        const score = scores[place];
        return typeof score === "string" ? score : JSON.stringify({ rationale: "so", score });
      });
      return evaluate(new Relevance({ lm }), data, metric);
    };
    const [one, other] = [await saying(1, 5, 3), await saying(2, 5, "nothing")];
    expect(
      disagreements(one, other).map(({ index, said, other: theirs, gap }) => [index, said, theirs, gap]),
    ).toEqual([
      [2, 3, undefined, Infinity],
      [0, 1, 2, 1],
    ]);
    const elsewhere = await evaluate(new Relevance({ lm: plantedJudge() }), rows.val, metric);
    expect(() => disagreements(one, elsewhere)).toThrow("different rows");
  });
});
