import { afterAll, beforeAll, describe, expect, test } from "vitest";
import fc from "fast-check";
import { ConfigurationError } from "../../../src/core/index.ts";
import { evaluate } from "../../../src/evaluate/index.ts";
import { cached, memoryStore } from "../../../src/lm/index.ts";
import { exactMatch } from "../../../src/metrics/index.ts";
import { Predict } from "../../../src/modules/index.ts";
import {
  logModelRecord,
  measuredComplexity,
  type ModelRecord,
  modelRecord,
  ModelRegistry,
  ModelSelector,
  type ModelTrial,
  readModelRecords,
  type RegisteredModel,
  selectModel,
} from "../../../src/scale/models/index.ts";
import { Isotonic } from "../../../src/scale/models/isotonic.ts";
import { Strength } from "../../../src/scale/models/strength.ts";
import { realMlflow } from "../../tracking/real-mlflow.ts";
import { seedsOfTen } from "../../optimizers/planted-task.ts";
import { isRight, startSumModel, type SumModel, sums } from "../sum-endpoint.ts";

const models: RegisteredModel[] = [
  {
    name: "large",
    parameters: 70,
    price: { input: 5, output: 20 },
    speed: { firstToken: 0.5, tokensPerSecond: 40 },
  },
  {
    name: "small",
    parameters: 1,
    price: { input: 0.1, output: 0.4 },
    speed: { firstToken: 0.02, tokensPerSecond: 1000 },
  },
  {
    name: "middle",
    parameters: 8,
    price: { input: 0.6, output: 2.4 },
    context: 4000,
    abilities: { tools: false },
  },
  { name: "vectors", kind: "embedding", price: { input: 0.02, output: 0 } },
];
const registry = new ModelRegistry(models);
const long = { inputTokens: 3950, outputTokens: 1000 };

describe("selectModel before anything was evaluated", () => {
  const chosen = (task: Parameters<typeof selectModel>[0]) => selectModel(task, registry);

  test("goes by the rule and says so", () => {
    expect(chosen({ complexity: 0.9, latencyBudget: 199 })).toMatchObject({
      model: { name: "small" },
      by: "rule",
    });
    expect(chosen({ complexity: "simple" }).model.name).toBe("small");
    expect(chosen({ complexity: 0.71 }).model.name).toBe("large");
    expect(chosen({ complexity: 0.5 }).model.name).toBe("small");
    expect(chosen({ complexity: 0.5, costBudget: 0.001 }).model.name).toBe("middle");
    expect(chosen({ complexity: 0.71 }).why).toMatch(/largest.*rule/);
  });

  test("takes none that cannot do it, is too slow or too dear, and tells of each why", () => {
    expect(chosen({ complexity: 0.5, costBudget: 0.001, needs: ["tools"] }).model.name).toBe("small");
    const long = { inputTokens: 3950, outputTokens: 100 };
    const { considered } = chosen({ complexity: 0.9, size: long, latencyBudget: 1000 });
    const reasons = Object.fromEntries(considered.map(({ model, excluded }) => [model.name, excluded]));
    expect(reasons.middle).toMatch(/context of 4000/);
    expect(reasons.large).toMatch(/3000 ms, more than 1000/);
    expect(() => chosen({ complexity: 0.5, costBudget: 1e-9 })).toThrow(/large: it costs.*small: it costs/);
    expect(() => chosen({ complexity: 2 })).toThrow(ConfigurationError);
    expect(() => chosen({ complexity: 0.5, kind: "completion" })).toThrow(/no completion model/);
    expect(chosen({ complexity: 0.5, kind: "embedding" }).model.name).toBe("vectors");
  });

  test("below 200 ms takes the smallest even where none is known to be so quick, and says so", () => {
    const quick = models.filter(({ speed }) => speed).map((model) => ({ ...model }));
    const { model, why, considered } = selectModel(
      { complexity: 0.9, latencyBudget: 50 },
      new ModelRegistry(quick),
    );
    expect(model.name).toBe("small");
    expect(why).toMatch(/smallest.*known to take longer: 120 ms.*rule/);
    expect(considered.map(({ excluded }) => excluded)).toEqual([expect.stringMatching(/3000 ms/), undefined]);
    const urgent = { complexity: 0.9, latencyBudget: 50 };
    expect(() => selectModel({ ...urgent, costBudget: 1e-9 }, new ModelRegistry(quick))).toThrow(/it costs/);
    expect(() =>
      selectModel({ ...urgent, latencyBudget: 200, size: long }, new ModelRegistry(quick)),
    ).toThrow(/more than 200/);
  });

  test("an unknown price is never taken for none", () => {
    const dark = { name: "dark", parameters: 400 };
    const all = new ModelRegistry([dark, ...models]);
    expect(selectModel({ complexity: 0.9, costBudget: 1 }, all).model.name).toBe("large");
    expect(selectModel({ complexity: 0.5, costBudget: 1 }, all).model.name).toBe("large");
    expect(selectModel({ complexity: 0.5 }, all).model.name).toBe("small");
    const alone = selectModel({ complexity: 0.5, costBudget: 0.00001 }, all);
    expect(alone.model.name).toBe("dark");
    expect(alone.why).toMatch(/price is not known/);
    expect(selectModel({ complexity: 0.5 }, new ModelRegistry([dark])).why).toMatch(/price is not known/);
    // Where price plays no part, it is as good as any.
    expect(selectModel({ complexity: 0.9 }, all).model.name).toBe("dark");
  });

  test("few evaluations, or those of one model, change nothing", () => {
    const trial = { complexity: 0.9, score: 1, cost: 0, seconds: 0.1 };
    const records = [{ model: "small", trials: Array.from({ length: 100 }, () => trial) }];
    expect(selectModel({ complexity: 0.9 }, registry, { records }).by).toBe("rule");
    const few = [...records, { model: "large", trials: [trial] }];
    expect(selectModel({ complexity: 0.9 }, registry, { records: few }).by).toBe("rule");
  });
});

describe("selectModel after evaluations of stand-in endpoints", () => {
  const server = realMlflow();
  const complexity = ({ task }: Readonly<Record<string, unknown>>) => String(task).split(",").length / 20;
  const solve = new Predict("task -> total: int", "Add the numbers.");
  const strengths = { small: [7, 0.1], middle: [14, 0.6], large: [40, 5] } as const;
  const started = new Map<string, SumModel>();

  beforeAll(async () => {
    for (const [name, [strength, price]] of Object.entries(strengths))
      started.set(name, await startSumModel(name, { strength, price }));
  });
  afterAll(() => Promise.all([...started.values()].map(({ endpoint }) => endpoint.close())));

  test(
    "within 1 % of the best score at no more than half its cost, on tasks it did not learn from",
    { timeout: 240_000 },
    async () => {
      const known = sums(300, 3);
      for (const [name, { lm }] of started) {
        const evaluation = await evaluate(solve, known, exactMatch("total"), { lm });
        await logModelRecord(await modelRecord(name, evaluation, complexity), evaluation);
      }
      const records = await readModelRecords({ experiment: server.experiment });
      expect(records.map(({ model, trials }) => [model, trials.length]).sort()).toEqual([
        ["large", 300],
        ["middle", 300],
        ["small", 300],
      ]);
      expect(records.flatMap(({ trials }) => trials).every(({ metered }) => metered === true)).toBe(true);
      const selector = new ModelSelector(registry, { records });

      const fresh = sums(300, 4);
      const alone = new Map<string, { score: number; cost: number }[]>();
      for (const [name, { lm }] of started) {
        const { rows } = await evaluate(solve, fresh, exactMatch("total"), { lm });
        alone.set(
          name,
          [...rows].map(({ score, cost }) => ({ score, cost: cost! })),
        );
      }
      const total = { score: 0, cost: 0 };
      const counts: Record<string, number> = {};
      for (const [index, row] of [...fresh].entries()) {
        const { model, by } = selector.select({ complexity: complexity(row) });
        expect(by).toBe("evaluations");
        counts[model.name] = (counts[model.name] ?? 0) + 1;
        const { score, cost } = alone.get(model.name)![index]!;
        total.score += score;
        total.cost += cost;
      }
      const sum = (name: string) =>
        alone
          .get(name)!
          .reduce((all, { score, cost }) => ({ score: all.score + score, cost: all.cost + cost }), {
            score: 0,
            cost: 0,
          });
      const best = ["small", "middle", "large"].map(sum).reduce((a, b) => (b.score > a.score ? b : a));
      expect(total.score).toBeGreaterThanOrEqual(best.score * 0.99);
      expect(total.cost).toBeLessThanOrEqual(best.cost / 2);
      expect(Object.keys(counts).sort()).toEqual(["large", "middle", "small"]);
      process.stdout.write(
        `chosen by task: ${(total.score / 3).toFixed(1)} % right for $${total.cost.toFixed(5)}; ` +
          `best alone: ${(best.score / 3).toFixed(1)} % for $${best.cost.toFixed(5)} (stand-in endpoints)\n`,
      );
      expect(selector.select({ complexity: 0.95 }).why).toMatch(
        /^at complexity 0.95 large is expected to score .* no other more$/,
      );
      const dear = selector.select({ complexity: 0.95, costBudget: 0.0001 });
      expect(dear.model.name).not.toBe("large");
      expect(dear.considered.find(({ model }) => model.name === "large")!.excluded).toMatch(
        /more than \$0.0001/,
      );
    },
  );
});

describe("selectModel over many draws of tasks", () => {
  const planted = [
    { name: "small", strength: 7, price: 0.1 },
    { name: "middle", strength: 14, price: 0.6 },
    { name: "large", strength: 40, price: 5 },
  ];

  /** What each model makes of the tasks of a seed, without asking: about as many tokens as an endpoint counts. */
  function trialsOf(seed: number): ModelRecord[] {
    const tasks = [...sums(300, seed)].map(({ task }) => task.match(/\d+/g)!.map(Number));
    return planted.map(({ name, strength, price }) => ({
      model: name,
      trials: tasks.map((numbers) => ({
        complexity: numbers.length / 20,
        score: Number(isRight(name, strength, numbers)),
        cost: ((40 + 2 * numbers.length + 4 * 8) * price) / 1e6,
        seconds: 1,
      })),
    }));
  }

  test("is within 1 % of the best score at no more than half its cost for at least 9 of 10", async () => {
    const told: string[] = [];
    const kept = (seed: number) => {
      const selector = new ModelSelector(registry, { records: trialsOf(2 * seed) });
      const fresh = trialsOf(2 * seed + 1);
      const total = { score: 0, cost: 0 };
      for (const [index, { complexity }] of fresh[0]!.trials.entries()) {
        const { model } = selector.select({ complexity });
        const { score, cost } = fresh.find((one) => one.model === model.name)!.trials[index]!;
        total.score += score;
        total.cost += cost!;
      }
      const best = fresh
        .map(({ trials }) => ({
          score: trials.reduce((sum, { score }) => sum + score, 0),
          cost: trials.reduce((sum, { cost }) => sum + cost!, 0),
        }))
        .reduce((a, b) => (b.score > a.score ? b : a));
      const [score, cost] = [total.score / best.score, total.cost / best.cost];
      told.push(`${score.toFixed(3)} of the score for ${cost.toFixed(2)} of the cost`);
      return Promise.resolve(score >= 0.99 && cost <= 0.5);
    };
    const reached = await seedsOfTen(kept);
    expect(reached, told.join("; ")).toBeGreaterThanOrEqual(9);
  });
});

describe("selectModel where not every cost is known", () => {
  const trials = (score: number, cost: number | null, metered?: boolean) =>
    Array.from({ length: 40 }, (_, index) => ({ complexity: index / 40, score, cost, seconds: 1, metered }));
  const plain = new ModelRegistry([{ name: "dark" }, { name: "dear" }, { name: "cheap" }]);

  test("a model of unknown cost is chosen only where none of known cost will do, and the reasons say so", () => {
    const records = [
      { model: "dark", trials: trials(0.99, null) },
      { model: "dear", trials: trials(0.9, 0.01) },
      { model: "cheap", trials: trials(0.9, 0.001) },
    ];
    const selector = new ModelSelector(plain, { records, tolerance: 0.05 });
    const { model, why, by } = selector.select({ complexity: 0.5 });
    expect([model.name, by]).toEqual(["cheap", "evaluations"]);
    expect(why).toMatch(/dark is expected to score 0.9\d+, but its price is not known/);
    const unpriced = new ModelSelector(plain, {
      records: [records[0]!, { model: "dear", trials: trials(0.9, null) }],
    }).select({ complexity: 0.5 });
    expect(unpriced.model.name).toBe("dark");
    expect(unpriced.why).toMatch(/its price is not known, nor is that of another/);
  });

  test("cost and time are learned from what was not answered by a cache", async () => {
    const { endpoint, lm } = await startSumModel("m", { strength: 40, price: 5 });
    try {
      const program = new Predict("task -> total: int", "Add the numbers.");
      const rows = sums(30, 8);
      const kept = cached(lm, memoryStore());
      const run = () => evaluate(program, rows, exactMatch("total"), { lm: kept });
      const fresh = await modelRecord("dear", await run());
      const again = await modelRecord("dear", await run());
      expect(new Set(fresh.trials.map(({ metered }) => metered))).toEqual(new Set([true]));
      expect(new Set(again.trials.map(({ metered }) => metered))).toEqual(new Set([false]));
      const expected = (taught: readonly ModelTrial[]) =>
        new ModelSelector(plain, { records: [{ model: "dear", trials: taught }] })
          .select({ complexity: 0.2 })
          .considered.find(({ model }) => model.name === "dear")!;
      const [first, both] = [expected(fresh.trials), expected([...fresh.trials, ...again.trials])];
      expect(first.cost).toBeGreaterThan(0);
      expect([both.cost, both.seconds]).toEqual([first.cost, first.seconds]);
      expect(expected(again.trials)).toMatchObject({ cost: undefined, seconds: undefined });
    } finally {
      await endpoint.close();
    }
  });
});

describe("what it rests on", () => {
  test("an isotonic fit never falls, keeps the mean, and gives ordered points back", () => {
    const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(points, (given) => {
        const fit = new Isotonic(given);
        const xs = given.map(([x]) => x).sort((a, b) => a - b);
        const values = xs.map((x) => fit.at(x));
        for (const [index, value] of values.entries())
          if (index > 0) expect(value).toBeGreaterThanOrEqual(values[index - 1]! - 1e-9);
        const mean = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
        expect(mean(values)).toBeCloseTo(mean(given.map(([, y]) => y)), 6);
      }),
    );
    const line = new Isotonic([
      [0, 1],
      [10, 2],
      [20, 4],
    ]);
    expect([-5, 0, 5, 15, 99].map((x) => line.at(x))).toEqual([1, 1, 1.5, 3, 4]);
  });

  test("a strength never rises with complexity, and finds the curve that scores were drawn from", () => {
    const points = Array.from({ length: 400 }, (_, index) => {
      const complexity = (index % 20) / 20;
      return [complexity, 1 / (1 + Math.exp(8 * complexity - 5))] as const;
    });
    const curve = new Strength(points);
    for (const [complexity, score] of points) expect(curve.at(complexity)).toBeCloseTo(score, 1);
    const rising = new Strength(points.map(([complexity, score]) => [1 - complexity, score] as const));
    expect(rising.at(0)).toBe(rising.at(1));
    const stars = new Strength([
      [0, 5],
      [0.2, 5],
      [0.9, 1],
      [1, 1],
    ]);
    expect(stars.at(0)).toBeGreaterThan(3);
    expect(stars.at(1)).toBeLessThan(stars.at(0));
  });

  test("longer tasks with more conditions and quantities measure as harder", () => {
    const easy = measuredComplexity({ task: "What is the capital of France?" });
    const hard = measuredComplexity({
      task: "Compare both plans: if the rent rises by 3 % each year, but not before 2027, and the deposit of 2,000 is paid back only after 5 years, which costs less over 10 years, and why?",
    });
    expect(easy).toBeLessThan(0.2);
    expect(hard).toBeGreaterThan(easy + 0.2);
    expect(measuredComplexity({})).toBe(0);
  });
});
