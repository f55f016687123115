import { describe, expect, test } from "vitest";
import { ConfigurationError, DataError, display, UnreachableError } from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { agreement, evaluate, measureJudge } from "../../src/evaluate/index.ts";
import { FunctionModel, lm } from "../../src/lm/index.ts";
import { Judge, type Judgement, Relevance, type Scale, scaleFeedback } from "../../src/metrics/index.ts";
import { callSettings } from "../../src/modules/index.ts";
import { judgeSection, report } from "../../src/reports/index.ts";
import { signature } from "../../src/signature/index.ts";

/** Says what is listed for the text, one entry a draw. */
class Listed extends Judge<{ text: string }> {
  static override signature = signature("text -> rationale, score: float");
  readonly range: Scale = [1, 5];
  readonly direction = "higher";
  readonly said: Readonly<Record<string, readonly (number | Error)[]>>;
  constructor(said: Readonly<Record<string, readonly (number | Error)[]>>) {
    super();
    this.said = said;
  }
  async forward({ text }: { text: string }): Promise<Judgement> {
    const score = this.said[text]![callSettings().rollout ?? 0]!;
    if (typeof score !== "number") throw score;
    return { score, rationale: "" };
  }
}

const rows = (human: readonly (number | string | null)[]) =>
  Dataset.from(human.map((score, place) => ({ text: "abcdefgh"[place]!, score })));

describe("measureJudge", () => {
  test("tells bias and noise apart, by hand, with intervals over rows", async () => {
    const judge = new Listed({ a: [2, 3, 4], b: [4, 4, 4], c: [5, 5, 5], d: [1, 3, 5] });
    const found = await measureJudge(judge, rows([2, 3, 5, 3]));
    expect([found.rows, found.draws, found.unscored, found.unreadable, found.outages]).toEqual([
      4, 3, 0, 0, 0,
    ]);
    // Rows are 1, 1, 0 and 0 too high; their variances are 1, 0, 0 and 4.
    expect(found.bias.mean).toBe(0.5);
    expect(found.noise.mean).toBeCloseTo(Math.sqrt(5 / 4), 12);
    for (const { mean, interval } of [found.bias, found.noise]) {
      expect(interval[0]).toBeLessThan(mean);
      expect(interval[1]).toBeGreaterThan(mean);
    }
    // Squared gaps: 0 + 1 + 4, 1 + 1 + 1, 0, 4 + 0 + 4, of 12 draws.
    expect(found.agreement.figures.mse.mean).toBeCloseTo(16 / 12, 12);
    expect(found.agreement.figures.exact.mean).toBeCloseTo((1 / 3 + 0 + 1 + 1 / 3) / 4, 12);
    expect(found.levels.map(({ level, rows, bias, noise }) => [level, rows, bias.mean, noise.mean])).toEqual([
      ["2", 1, 1, 1],
      ["3", 2, 0.5, Math.SQRT2],
      ["5", 1, 0, 0],
    ]);
  });

  test("what cannot be read, cannot be had or was not scored by a person is counted apart", async () => {
    const [broken, down] = [new TypeError("no"), new UnreachableError("down")];
    const judge = new Listed({
      a: [3, broken, 5],
      b: [down, 4, 4],
      c: [broken, broken, broken],
      d: [down, down, down],
      e: [1, 1, 1],
    });
    const found = await measureJudge(judge, rows(["3", "3", "1", "2", null, "", " "]), { concurrency: 1 });
    expect([found.rows, found.unscored, found.unreadable, found.outages]).toEqual([3, 3, 4, 4]);
    expect(found.bias.mean).toBe(1);
    // The pairs 3, 5 and 4, 4.
    expect(found.noise.mean).toBeCloseTo(1, 12);
    expect(found.agreement.figures.mse.mean).toBeCloseTo((0 + 16 + 4 + 1 + 1 + 3 * 16) / 8, 12);
    const some = await measureJudge(judge, rows([null, null, null, null, 1, NaN]));
    expect([some.rows, some.unscored]).toEqual([1, 5]);
    expect(found.levels[0]).toMatchObject({
      level: "1",
      unreadable: 3,
      bias: { mean: NaN },
      noise: { mean: NaN },
    });
  });

  test("each draw asks the model anew, whatever the cache holds, and the same again costs nothing", async () => {
    let asked = 0;
    const model = lm(new FunctionModel(() => JSON.stringify({ rationale: "r", score: 1 + (asked++ % 3) })), {
      cache: true,
    });
    const judge = new Relevance({ lm: model });
    const data = [{ query: "q", document: "d", score: 2 }];
    const found = await measureJudge(judge, data);
    expect(asked).toBe(3);
    expect(found.noise.mean).toBe(1);
    expect((await measureJudge(judge, data)).noise).toEqual(found.noise);
    expect(asked).toBe(3);
    await measureJudge(judge, data, { draws: 2, rollout: 3 });
    expect(asked).toBe(5);
  });

  test("many different scores are taken together to parts of the scale", async () => {
    const human = [1, 1.5, 2, 2.5, 3, 3.5, 4, 5];
    const judge = new Listed(
      Object.fromEntries(human.map((score, place) => ["abcdefgh"[place]!, [score, score]])),
    );
    const { levels } = await measureJudge(judge, rows(human), { draws: 2 });
    expect(levels.map(({ level, rows }) => [level, rows])).toEqual([
      ["1 to 1.8", 2],
      ["1.8 to 2.6", 2],
      ["2.6 to 3.4", 1],
      ["3.4 to 4.2", 2],
      ["4.2 to 5", 1],
    ]);
  });

  test("shows itself as tables, in a cell and in a report, without letting a name be markup", async () => {
    class Odd extends Listed {}
    Object.defineProperty(Odd, "name", { value: "<img>" });
    const judge = new Odd({ a: [2, 3], b: [4, 4] });
    const data = rows([2, 4]);
    const found = await measureJudge(judge, data, { draws: 2 });
    const shown = found[display]();
    expect(shown["text/plain"]).toContain(
      "<img> against a person, 1 to 5: 2 rows, 2 draws each; 0 unreadable",
    );
    expect(shown["text/plain"]).toMatch(/^noise \(standard deviation of a row's draws\) +0\.50 /m);
    expect(shown["text/plain"]).toMatch(/^2 +1 +0 +0\.50 /m);
    expect(shown["text/html"]).not.toContain("<img>");
    const after = await evaluate(judge, data, scaleFeedback("score", { range: [1, 5] }));
    const page = await report({ after, sections: [judgeSection(found)] }).html();
    expect(page).toContain("How far the judge can be trusted");
    expect(page).toMatch(/<th scope="row">bias \(judge less person\)<\/th>\s*<td>0\.25<\/td>/);
    expect(page).not.toContain("<img>");
  });

  test("refuses one draw, a column that is not there, scores off the scale, and rows that nobody scored", async () => {
    const judge = new Listed({ a: [1, 1, 1] });
    await expect(measureJudge(judge, rows([1]), { draws: 1 })).rejects.toThrow(/draws: 1/);
    await expect(measureJudge(judge, rows([1]), { field: "scores" })).rejects.toThrow('did you mean "score"');
    await expect(measureJudge(judge, rows([6]))).rejects.toThrow(DataError);
    await expect(measureJudge(judge, rows(["good"]))).rejects.toThrow(DataError);
    await expect(measureJudge(judge, rows([null]))).rejects.toThrow(ConfigurationError);
  });
});

test("draws of one row make the intervals of an agreement no narrower", () => {
  const human = [5, 4, 3, 2, 1, 5, 1, 3];
  const said = [5, 3, 3, 4, 1, 5, 2, 3];
  const once = agreement(said, human);
  const often = agreement(
    said.map((score) => [score, score, score]),
    human,
  );
  for (const name of ["nmse", "bias", "weightedKappa", "spearman"] as const)
    expect(often.figures[name].interval, name).toEqual(
      once.figures[name].interval.map((bound) => expect.closeTo(bound, 9)),
    );
  expect([often.rows, often.unreadable]).toEqual([8, 0]);
  expect(() => agreement([[]], [1])).toThrow(ConfigurationError);
});
