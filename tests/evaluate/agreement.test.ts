import { describe, expect, test } from "vitest";
import { display, UnreachableError } from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { agreement, agreementOf, evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { judged, Relevance, scaleFeedback } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";

const human = [5, 4, 3, 2, 1, 5, 1, 3];
const said = [5, 3, 3, 4, 1, 5, 2, 3];

describe("agreement", () => {
  test("gives every figure by hand, inside its interval", () => {
    const { figures, rows, unreadable } = agreement(said, human);
    expect([rows, unreadable]).toEqual([8, 0]);
    expect(figures.exact.mean).toBe(5 / 8);
    expect(figures.withinOne.mean).toBe(7 / 8);
    expect(figures.mse.mean).toBe(6 / 8);
    expect(figures.nmse.mean).toBeCloseTo((100 * 6) / 8 / 16, 12);
    expect(figures.bias.mean).toBe(2 / 8);
    // Both say 1, 2, 3, 4, 5 in shares 1/8, 1/8, 3/8, 1/8, 2/8 and 2/8, 1/8, 2/8, 1/8, 2/8.
    expect(figures.kappa.mean).toBeCloseTo(1 - 3 / 8 / (1 - 14 / 64), 12);
    expect(figures.weightedKappa.mean).toBeGreaterThan(figures.kappa.mean);
    for (const { mean, interval } of Object.values(figures)) {
      expect(interval[0]).toBeLessThanOrEqual(mean);
      expect(interval[1]).toBeGreaterThanOrEqual(mean);
    }
  });

  test("a judge that agrees throughout has 1, no error and no bias", () => {
    const { figures } = agreement(human, human);
    const ones = ["exact", "withinOne", "kappa", "weightedKappa", "pearson", "spearman"] as const;
    for (const name of ones) expect(figures[name].mean, name).toBeCloseTo(1, 12);
    expect([figures.mse.mean, figures.nmse.mean, figures.bias.mean]).toEqual([0, 0, 0]);
  });

  test("what could not be read is fully wrong, and no bias", () => {
    const { figures, unreadable } = agreement([undefined, null, NaN, 5], [1, 3, 5, 5]);
    expect(unreadable).toBe(3);
    expect(figures.exact.mean).toBe(1 / 4);
    expect(figures.withinOne.mean).toBe(1 / 4);
    expect(figures.mse.mean).toBe((3 * 16) / 4);
    expect(figures.bias.mean).toBe(0);
  });

  test("refuses lists that do not match, none at all, and scores off the scale", () => {
    expect(() => agreement([1], [])).toThrow(RangeError);
    expect(() => agreement([], [])).toThrow("no row to compare");
    expect(() => agreement([7], [7])).toThrow("a person's score is 7; expected 1 to 5");
    expect(agreement([7], [7], { range: [0, 10] }).figures.exact.mean).toBe(1);
  });

  test("shows itself as a table", () => {
    const bundle = agreement(said, human)[display]();
    expect(bundle["text/html"]).toContain("<td>0.63</td>");
    expect(bundle["text/plain"]).toMatch(/^Judge against person: 8 rows, 0 unreadable\nsame score +0\.63 /);
  });
});

describe("agreementOf", () => {
  const rows = Dataset.from(
    human.map((score, index) => ({ query: `q${index}`, document: `d${index}`, score, rationale: "so" })),
  );
  /** Says what `said` holds; row 1 it answers unreadably. */
  const model = new FunctionModel(({ messages }) => {
    const row = Number(/q(\d)/.exec(JSON.stringify(messages.slice(1)))![1]);
    return row === 1 ? "no idea" : JSON.stringify({ rationale: "r", score: said[row] });
  });

  test("compares an evaluated judge with the column of the same name", async () => {
    const judge = new Relevance({ lm: model });
    const evaluation = await evaluate(judge, rows, scaleFeedback("score", { range: [1, 5] }));
    const found = agreementOf(evaluation);
    expect([found.rows, found.unreadable]).toEqual([8, 1]);
    expect(found.figures.exact.mean).toBe(5 / 8);
    expect(found.figures.mse.mean).toBe((16 + 4 + 1) / 8);
    // 1 less the mean score of the metric is the normalised squared error.
    expect(found.figures.nmse.mean).toBeCloseTo(100 * (1 - evaluation.score), 9);
    expect(() => agreementOf(evaluation, { field: "rationale" })).toThrow("expected a person's score");
  });
});

test("a judge that cannot be reached is an outage of the row and not the end of the run", async () => {
  let asked = 0;
  const judge = new Relevance({
    lm: new FunctionModel(() => {
      if (asked++ === 0) throw new UnreachableError("judge down");
      return JSON.stringify({ rationale: "fine", score: 5 });
    }),
  });
  const program = new Predict("query -> document", { lm: new FunctionModel(() => `{"document":"found"}`) });
  const rows = Dataset.from([{ query: "a" }, { query: "b" }, { query: "c" }]);
  const result = await evaluate(program, rows, judged(judge), { concurrency: 1 });
  expect([result.outages, result.score, result.stopped]).toEqual([1, 1, undefined]);
  expect([...result.rows][0]).toMatchObject({ status: "outage", error: { message: "judge down" } });
});
