import { afterEach, describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { currentLM, FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";
import {
  Optimizer,
  servingAware,
  servingFront,
  servingStats,
  type Study,
} from "../../src/optimizers/index.ts";
import { candidate } from "../../src/optimizers/candidate.ts";

const result = (score: number, seconds: number, tokens: number, cost: number | null = null) =>
  ({ status: "scored", score, seconds, inputTokens: tokens, outputTokens: 0, cost }) as never;
const ranked = (name: string, ...results: never[]) => ({
  candidate: candidate({ self: { instructions: name } }, name),
  score: 0,
  results,
  draws: [results],
});

describe("servingStats", () => {
  test("are means over rows that were answered, with a cost only where every price is known", () => {
    const outage = { status: "outage", score: NaN, seconds: 99, inputTokens: 0, outputTokens: 0, cost: 0 };
    expect(servingStats([result(1, 0.1, 10, 2), result(0, 0.3, 30, 4), outage as never])).toEqual({
      score: 0.5,
      averageLatencyMs: 200,
      p95LatencyMs: expect.closeTo(290) as number,
      tokens: 20,
      cost: 3,
    });
    expect(servingStats([result(1, 0.1, 10, 2), result(0, 0.3, 30)]).cost).toBeNull();
  });
});

describe("servingAware", () => {
  test("is 0.8 of the score less 0.2 of the latency over its budget", () => {
    const rows = [result(1, 0.5, 1), result(0, 1.5, 1)].map((result) => ({ row: {}, result }));
    expect(servingAware({ latencyBudget: 2 })(rows)).toBeCloseTo(0.8 * 0.5 - (0.2 * 1) / 2);
    expect(() => servingAware({ latencyBudget: 0 })).toThrow(ConfigurationError);
  });
});

describe("servingFront", () => {
  test("leaves out who is beaten in something and better in nothing", () => {
    const names = servingFront([
      ranked("best", result(0.9, 2, 100)),
      ranked("waste", result(0.9, 2, 200)),
      ranked("quick", result(0.7, 1, 100)),
      ranked("short", result(0.6, 2, 10)),
      ranked("poor", result(0.5, 2, 10)),
    ]).map(({ candidate }) => candidate.origin);
    expect(names).toEqual(["best", "quick", "short"]);
  });
});

describe("a search", () => {
  afterEach(() => currentLM.set(undefined));

  /** Tries instructions that are right but slow, and some that are quick and right on half of the rows. */
  class Both extends Optimizer {
    protected async search(study: Study): Promise<void> {
      for (const instructions of ["careful", "quick"]) {
        await study.evaluate(candidate({ self: { instructions } }, instructions));
      }
    }
  }

  test("chooses the quick one where latency counts, and any point of the front can be taken", async () => {
    currentLM.set(
      new FunctionModel(async ({ messages }) => {
        const prompt = JSON.stringify(messages);
        const careful = prompt.includes("careful");
        if (careful) await new Promise((resolve) => setTimeout(resolve, 300));
        const right = careful || (prompt.includes("quick") && /row [0-5]/.test(prompt));
        return JSON.stringify({ label: right ? "yes" : "no" });
      }),
    );
    const rows = Array.from({ length: 10 }, (_, n) => ({ text: `row ${n}`, label: "yes" }));
    const program = new Predict("text -> label: Literal['yes', 'no']", "as it was");
    const search = (options: object) =>
      new Both({ metric: exactMatch("label"), ...options }).compile(program, { train: rows, val: rows });

    const byScore = await search({});
    expect(byScore.program.state.instructions).toBe("careful");
    const byBoth = await search({ objective: servingAware({ latencyBudget: 0.1 }) });
    expect(byBoth.program.state.instructions).toBe("quick");
    expect(byBoth.servingStats!.averageLatencyMs).toBeLessThan(byScore.servingStats!.averageLatencyMs);
    expect(byBoth.toRun().metrics!.avg_latency_ms).toBe(byBoth.servingStats!.averageLatencyMs);
    const [first] = byBoth.servingFront;
    expect(byBoth.programOf(first!.candidate).state.instructions).toBe("careful");
  });
});
