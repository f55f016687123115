import { afterEach, describe, expect, test } from "vitest";
import { evaluate } from "../../src/evaluate/index.ts";
import { currentLM, FunctionModel } from "../../src/lm/index.ts";
import { CritiqueRefine } from "../../src/optimizers/index.ts";
import { seedsOfTen } from "./planted-task.ts";
import { plantedTasks } from "./planted-tasks.ts";
import { rules } from "./planted-tickets.ts";

afterEach(() => currentLM.set(undefined));

const { task, optimum } = plantedTasks["two predictors"];

/** Which step a failing run is the fault of: a message's topics are read by the first, its code by the second. */
type Blame = (run: string) => string;
const rightly: Blame = (run) => (/code [KMR]\d/.test(run) ? "route" : "name");

/** A critic that blames so, and the writer of the planted task: each finds a rule only where it sees runs it is about. */
function helper(blame: Blame) {
  const writer = { read: [] as string[], criticised: 0 };
  const model = new FunctionModel(({ messages, rollout = 0 }) => {
    const prompt = messages.map(({ content }) => String(content)).join("\n"); // eslint-disable-line @typescript-eslint/no-base-to-string
    if (prompt.includes("the step at fault")) {
      writer.criticised++;
      return JSON.stringify({ critique: "It should have known better.", step: blame(prompt) });
    }
    writer.read.push(prompt);
    return task.propose({ messages, rollout });
  });
  return { model, writer };
}

async function refine(seed: number, blame: Blame, rollouts = 600) {
  currentLM.set(task.model());
  const { model, writer } = helper(blame);
  const [train, val] = [task.rows(100, 1000 + seed), task.rows(100, 2000 + seed)];
  const strategy = new CritiqueRefine({ metric: task.metric, seed, reflectionModel: model });
  const found = await strategy.compile(task.program(), { train, val, budget: { rollouts } });
  const { score } = await evaluate(found.program, task.rows(200, 3000 + seed), task.metric);
  const said = Object.fromEntries(
    [...found.program.predictors()].map(([path, { state }]) => [path, state.instructions]),
  );
  return { found, writer, score, said };
}

describe("CritiqueRefine", () => {
  test(
    "finds what each of two steps lacks within its budget, for 9 seeds of 10",
    { timeout: 120_000 },
    async () => {
      const reached = await seedsOfTen(async (seed) => {
        const { found, score } = await refine(seed, rightly);
        expect(found.used.task.rollouts).toBeLessThanOrEqual(600);
        return score >= optimum - 0.04;
      });
      expect(reached).toBeGreaterThanOrEqual(9);
    },
  );

  test("changes the step at fault and no other, in sight of its own critiques", async () => {
    const { found, writer, said } = await refine(1, rightly);
    expect(said.name).toContain(rules.last);
    expect(said.name).not.toContain(rules.code);
    expect(said.route).toContain(rules.code);
    expect(said.route).not.toContain(rules.last);
    const byId = new Map(found.candidates.map((candidate) => [candidate.id, candidate]));
    for (const { edits, parents, origin } of found.candidates.filter(({ parents }) => parents.length > 0)) {
      const before = byId.get(parents[0]!)!.edits;
      const changed = ["name", "route"].filter(
        (path) => edits[path]?.instructions !== before[path]?.instructions,
      );
      expect([origin, changed.length]).toEqual(["critique", 1]);
    }
    for (const prompt of writer.read) {
      expect(prompt).toContain("It should have known better.");
      const ofName = prompt.includes("name: text -> topic");
      expect(/code [KMR]\d/.test(prompt.slice(prompt.indexOf("runs")))).toBe(!ofName);
    }
  });

  test("blamed wrongly, a step is left alone in the end, and the search ends", async () => {
    const { found, said, writer } = await refine(2, () => "route", 5000);
    expect(said.name).toBe("Say what a message is about.");
    expect(found.stopped).toBeUndefined();
    expect(writer.criticised).toBeGreaterThan(0);
    expect(found.used.task.rollouts).toBeLessThan(2000);
  });

  test("a critic that names no step, or cannot be read, changes nothing", async () => {
    const { found, writer } = await refine(3, () => "nobody");
    expect(writer.read).toEqual([]);
    expect(found.kept).toBe(true);
  });
});
