import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { random } from "../../src/core/index.ts";
import { currentLM } from "../../src/lm/index.ts";
import { everyStrategy } from "./every-strategy.ts";
import { outcome } from "./planted-task.ts";
import { plantedTasks } from "./planted-tasks.ts";

afterEach(() => currentLM.set(undefined));

const { task } = plantedTasks.all;
const rows = { train: task.rows(30, 1), val: task.rows(60, 2), budget: { rollouts: 500 } };
const options = { metric: task.metric, seed: 4 };

// A killed process leaves the journal up to some byte; for kill -9 itself see killed.test.ts.
describe("a journal that ends at any of ten random bytes", () => {
  test.each(Object.keys(everyStrategy))(
    "%s goes on to the same end, and pays for nothing it had",
    async (name) => {
      const journal = join(await mkdtemp(join(tmpdir(), "lmframe-resume-")), "study.jsonl");
      const run = async () => {
        const [model, promptModel] = [task.model({ weighs: true }), task.proposer()];
        currentLM.set(model);
        const found = await everyStrategy[name]!({ ...options, promptModel }).compile(task.program(), {
          ...rows,
          journal,
        });
        return { found: outcome(found), calls: model.calls, asked: promptModel.calls };
      };
      const whole = await run();
      const written = await readFile(journal);
      const draw = random(name.length);
      for (let time = 0; time < 10; time++) {
        const kept = written.subarray(0, draw.integer(written.length));
        await writeFile(journal, kept);
        const lines = kept.toString("utf8").split("\n").slice(0, -1);
        const known = (kind: string) => lines.filter((line) => line.startsWith(`{"kind":"${kind}"`)).length;
        const resumed = await run();
        expect(resumed.found).toEqual(whole.found);
        expect(resumed.calls).toBeLessThanOrEqual(whole.calls - known("rollout"));
        expect(resumed.asked).toBeLessThanOrEqual(whole.asked - known("proposal"));
        const entries = (text: Buffer) => text.toString("utf8").split("\n").length;
        expect(entries(await readFile(journal))).toBe(entries(written));
      }
    },
  );
});

describe("the same seed gives the same run at any concurrency", () => {
  test.each(Object.keys(everyStrategy))("%s", async (name) => {
    const run = async (concurrency: number) => {
      currentLM.set(task.model({ wait: 2, weighs: true }));
      const optimizer = everyStrategy[name]!({ ...options, promptModel: task.proposer({ wait: 4 }) });
      return outcome(await optimizer.compile(task.program(), { ...rows, concurrency }));
    };
    expect(await run(40)).toEqual(await run(4));
  });
});
