import { describe, expect, test } from "vitest";
import { display, UnreachableError } from "../../src/core/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Relevance, scaleFeedback } from "../../src/metrics/index.ts";
import { amplifyLabels, LibrarySearch, retune } from "../../src/optimizers/index.ts";
import { judgeReply, plantedJudge, plantedPairs, relevanceRules as rules } from "./planted-judge.ts";

const metric = scaleFeedback("score", { range: [1, 5] });
const library = rules.map(({ text }, index) => ({ id: `rule-${index + 1}`, text, approved: true }));
const optimizer = new LibrarySearch({ metric, library, seed: 1 });
const plain = "Score how much the entry helps.";

/** A model of another maker: it takes the first rule only where it is said in its own words. */
const otherWords = "Another aircraft? Then a 1.";
const other = (onCall?: () => void) =>
  new FunctionModel(
    ({ messages }) => {
      onCall?.();
      const understood = messages.map((message) =>
        message.role === "system"
          ? {
              ...message,
              content: message.content.replace(rules[0].text, "").replace(otherWords, rules[0].text),
            }
          : message,
      );
      const text = judgeReply(understood);
      return { choices: [{ text, toolCalls: [], finishReason: "stop" }], cost: 0.001 };
    },
    { name: "other" },
  );
const bothTongues = [...library, { id: "own words", text: otherWords, approved: true }];

describe("retune", () => {
  const tuned = new Relevance({ instructions: [plain, ...rules.map(({ text }) => text)].join(" ") });
  const rows = { train: plantedPairs(4, 0), val: plantedPairs(60, 1), test: plantedPairs(60, 2) };

  test("reports the old model, its prompt on the new one, and that tuned anew, with what it took", async () => {
    const [from, to] = [plantedJudge({ name: "old" }), other()];
    const search = new LibrarySearch({ metric, library: bothTongues, seed: 1 });
    const moved = await retune(tuned, { from, to, optimizer: search, ...rows });
    expect(moved.source.score).toBe(1);
    expect(moved.transferred.score).toBeLessThan(0.8);
    expect(moved.retuned.score).toBe(1);
    expect(moved.gain.verdict).toContain("Really better");
    expect(moved.againstSource.score.difference).toBe(0);
    const { calls } = moved.optimization.used.task;
    expect(moved.searchCost).toBeCloseTo(0.001 * calls, 6);
    expect(moved.transferred.used.cost).toBeCloseTo(0.06, 6);
    // The program runs on the new model wherever it is called.
    expect((await evaluate(moved.program, rows.test, metric, { lm: from })).score).toBe(1);
    const shown = moved[display]()["text/plain"] as string;
    expect(shown).toContain("other, the prompt of old");
    expect(shown).toContain("$0.0600");
    expect(moved.toRun().metrics).toMatchObject({ source_score: 1, retuned_score: 1 });
    expect(
      moved
        .toRun()
        .children!.slice(0, 3)
        .map(({ name }) => name),
    ).toEqual(["old, its own prompt", "other, the prompt of old", "other, tuned anew"]);
  });

  test("measures no prompt twice that was kept", async () => {
    let calls = 0;
    const to = other(() => calls++);
    const search = new LibrarySearch({ metric, library: [{ id: "idle", text: "Be kind.", approved: true }] });
    const moved = await retune(tuned, {
      from: plantedJudge({ name: "old" }),
      to,
      optimizer: search,
      ...rows,
    });
    expect(moved.retuned).toBe(moved.transferred);
    expect(moved.optimization.kept).toBe(true);
    expect(calls).toBe(60 + moved.optimization.used.task.calls);
  });

  test("a model that cannot be reached ends it before the search", async () => {
    const away = new FunctionModel(() => {
      throw new UnreachableError("away");
    });
    await expect(retune(tuned, { from: plantedJudge(), to: away, optimizer, ...rows })).rejects.toThrow(
      "could not be measured",
    );
  });
});

describe("amplifyLabels", () => {
  const judge = new Relevance({ instructions: plain, lm: other() });
  const search = new LibrarySearch({ metric, library: bothTongues, seed: 1 });
  const unlabelled = plantedPairs(50, 8).select("query", "document");

  test("labels rows by a judge tuned on a few, and says how far to trust them and what each cost", async () => {
    const amplified = await amplifyLabels(plantedPairs(120, 7), unlabelled, judge, search, { seed: 4 });
    const { labelled, agreement, agreementBefore } = amplified;
    expect(labelled.columns).toEqual(["query", "document", "rationale", "score", "error"]);
    expect(labelled.column("score")).toEqual(plantedPairs(50, 8).column("score"));
    expect(amplified.labels).toBe(50);
    expect(agreement.rows).toBe(36);
    expect(agreement.figures.nmse.mean).toBe(0);
    expect(agreementBefore.figures.nmse.mean).toBeGreaterThan(20);
    expect(amplified.costPerLabel).toBeCloseTo(0.001, 9);
    const { calls } = amplified.optimization.used.task;
    expect(amplified.costPerLabelWithSearch).toBeCloseTo((0.001 * (50 + calls)) / 50, 9);
    expect(amplified[display]()["text/plain"]).toContain("50 of 50 rows");
  });

  test("the search sees nothing of the labels that are held out", async () => {
    const seed = plantedPairs(60, 7);
    const { optimization, heldOut } = await amplifyLabels(seed, unlabelled.head(1), judge, search);
    const seen = new Set(
      optimization.ranking.flatMap(({ results }) => results.map(({ trace }) => trace[0]!.inputs.document)),
    );
    expect([...heldOut.rows].some(({ row }) => seen.has(row.document))).toBe(false);
  });

  test("a row whose reply cannot be read is no label", async () => {
    const lm = new FunctionModel(({ messages }) =>
      JSON.stringify(messages).includes("8.3") ? "nothing" : JSON.stringify({ rationale: "", score: 5 }),
    );
    const amplified = await amplifyLabels(
      plantedPairs(30, 7),
      unlabelled.head(5),
      new Relevance({ lm }),
      optimizer,
    );
    expect(amplified.labels).toBe(4);
    expect(amplified.labelled.at(3).score).toBeNull();
  });
});
