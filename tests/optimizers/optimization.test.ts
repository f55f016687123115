import { afterEach, expect, test } from "vitest";
import { currentLM } from "../../src/lm/index.ts";
import { GEPA } from "../../src/optimizers/index.ts";
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
