import { afterEach, describe, expect, test, vi } from "vitest";
import { display } from "../../src/core/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { currentLM } from "../../src/lm/index.ts";
import { type CompileOptions, GEPA, type Optimization } from "../../src/optimizers/index.ts";
import { outcome } from "./planted-task.ts";
import { plantedTasks } from "./planted-tasks.ts";

afterEach(() => currentLM.set(undefined));

test("a search tells a tracking server where each candidate came from and how it did row by row", async () => {
  const { task } = plantedTasks.rule;
  currentLM.set(task.model());
  const gepa = new GEPA({ metric: task.metric, seed: 2, promptModel: task.proposer() });
  const found = await gepa.compile(task.program(), {
    train: task.rows(40, 1),
    val: task.rows(30, 2),
    budget: { rollouts: 400 },
  });
  const { tables, children } = found.toRun();
  const candidates = tables!.candidates!;
  expect(candidates.map(({ id }) => id)).toEqual(found.candidates.map(({ id }) => id));
  expect(candidates[0]).toMatchObject({ number: 1, parents: "", score: found.before });
  const winner = found.ranking[0]!;
  const told = candidates.find(({ id }) => id === winner.candidate.id)!;
  expect(told.parents).toBe(winner.candidate.parents.join(", "));
  expect(winner.candidate.parents.length).toBeGreaterThan(0);
  expect(told.changes).toContain("self: ");

  const scores = children!.map((child) => child.tables!.scores!);
  expect(scores.map((rows) => rows.length)).toEqual(found.ranking.map(() => 30));
  const unbeaten = scores[0]!.filter(({ score }, row) =>
    scores.every((rows) => (rows[row]!.score as number) <= (score as number)),
  );
  expect(told.rows_unbeaten).toBe(unbeaten.length);
});

describe("rows that no strategy saw", () => {
  const { task } = plantedTasks.rule;
  const warned = (run: () => Promise<unknown>) => {
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    return run()
      .then(() => warn.mock.calls.map(([text]) => String(text)))
      .finally(() => warn.mockRestore());
  };
  const compile = async (rows: Partial<CompileOptions>) => {
    currentLM.set(task.model());
    const gepa = new GEPA({ metric: task.metric, seed: 2, promptModel: task.proposer() });
    return gepa.compile(task.program(), {
      train: task.rows(40, 1),
      val: task.rows(30, 2),
      budget: { rollouts: 400 },
      ...rows,
    });
  };
  const shown = (found: Optimization) => found[display]()["text/plain"] as string;

  test("say what the gain is worth, beside the same search", async () => {
    const test = task.rows(100, 3);
    let found: Optimization | undefined;
    expect(await warned(async () => (found = await compile({ test })))).toEqual([]);
    const { program, tested } = found!;
    const alone = await evaluate(program, test, task.metric);
    expect(tested!.after.score).toBe(alone.score);
    expect(tested!.comparison).toMatchObject({
      rows: 100,
      verdict: expect.stringContaining("Really better"),
    });
    expect(tested!.doubt).toBeUndefined();
    expect(shown(found!)).toContain(`On test rows: ${tested!.comparison.verdict}`);
    const run = found!.toRun();
    expect(run.metrics).toMatchObject({ test_before: tested!.before.score, test_after: alone.score });
    expect(run.children).toHaveLength(found!.ranking.length + 2);
    // The search itself saw none of them, and the budget counts none.
    const without = await compile({});
    expect(outcome(found!)).toEqual(outcome(without));
    expect(without.tested).toBeUndefined();
    expect(without.toRun().metrics).not.toHaveProperty("test_after");
  });

  test("are warned of where they are few, and shown so", async () => {
    let found: Optimization | undefined;
    const texts = await warned(async () => (found = await compile({ test: task.rows(12, 3) })));
    expect(texts).toEqual([expect.stringContaining("12 test rows are too few to rely on, at least 30")]);
    expect(shown(found!)).toContain(`Warning: ${texts[0]}`);
  });

  test("are warned of where the gain is within chance", async () => {
    // Rows of which none hangs on the rule: what was gained by it shows on none.
    const plain = task.rows(200, 3).filter(({ text }) => !text.includes("first the"));
    const texts = await warned(() => compile({ test: plain }));
    expect(texts).toEqual([
      expect.stringContaining("the gain does not show on rows held out: No difference"),
    ]);
  });

  test("are warned of where they are learnt from or chosen by, and refused where there are none", async () => {
    const test = task.rows(40, 3);
    const texts = await warned(() => compile({ test, val: test.filter((_, row) => row < 30) }));
    expect(texts[0]).toContain("30 of 40 test rows are training or validation rows as well");
    await expect(compile({ test: [] })).rejects.toThrow("the test rows are empty");
  });
});
