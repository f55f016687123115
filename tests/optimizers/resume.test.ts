import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { currentLM } from "../../src/lm/index.ts";
import { COPRO, GEPA, MIPROv2, type ProposerOptions } from "../../src/optimizers/index.ts";
import {
  outcome,
  plantedMetric,
  plantedModel,
  plantedProgram,
  plantedProposer,
  plantedRows,
} from "./planted-task.ts";

afterEach(() => currentLM.set(undefined));

const options = { metric: plantedMetric, seed: 4 };
const rows = { train: plantedRows(20, 1), val: plantedRows(60, 2), budget: { rollouts: 600 } };

// A killed process leaves the journal up to some byte; kill -9 itself is tested on the study.
describe("a journal that ends anywhere", () => {
  test.each([
    ["GEPA", (models: ProposerOptions) => new GEPA({ ...options, ...models })],
    ["MIPROv2", (models: ProposerOptions) => new MIPROv2({ ...options, ...models })],
    ["COPRO", (models: ProposerOptions) => new COPRO({ ...options, ...models, breadth: 4, depth: 2 })],
  ] as const)("%s goes on to the same end, and pays for nothing it had", async (_name, make) => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-resume-")), "study.jsonl");
    const run = async () => {
      const [model, promptModel] = [plantedModel(), plantedProposer()];
      currentLM.set(model);
      const found = await make({ promptModel }).compile(plantedProgram(), { ...rows, journal });
      return { found: outcome(found), calls: model.calls, asked: promptModel.calls };
    };
    const whole = await run();
    const written = await readFile(journal);
    for (let tenth = 1; tenth < 10; tenth++) {
      const kept = written.subarray(0, Math.floor((written.length * tenth) / 10));
      await writeFile(journal, kept);
      const lines = kept.toString("utf8").split("\n").slice(0, -1);
      const known = (kind: string) => lines.filter((line) => line.startsWith(`{"kind":"${kind}"`)).length;
      const resumed = await run();
      expect(resumed.found).toEqual(whole.found);
      expect(resumed.calls).toBe(whole.calls - known("rollout"));
      expect(resumed.asked).toBe(whole.asked - known("proposal"));
      const entries = (text: Buffer) => text.toString("utf8").split("\n").length;
      expect(entries(await readFile(journal))).toBe(entries(written));
    }
  });
});
