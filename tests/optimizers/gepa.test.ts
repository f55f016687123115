import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { random } from "../../src/core/index.ts";
import type { Rollout } from "../../src/evaluate/index.ts";
import { currentLM } from "../../src/lm/index.ts";
import { type Candidate, candidate } from "../../src/optimizers/candidate.ts";
import { GEPA, type GEPAOptions } from "../../src/optimizers/gepa.ts";
import { findMerge, mergeKey } from "../../src/optimizers/merge-lineages.ts";
import { ParetoFront } from "../../src/optimizers/pareto-front.ts";
import {
  outcome,
  plantedMetric,
  plantedModel,
  plantedProgram,
  plantedProposer,
  plantedRows,
  rule,
  seedsOfTen,
  TwoSteps,
} from "./planted-task.ts";
import { usePlantedModel } from "./use-planted-model.ts";

const train = plantedRows(24, 1);
const val = plantedRows(30, 2);
const budget = { rollouts: 300 };
const gepa = (options: Partial<GEPAOptions> = {}) =>
  new GEPA({ metric: plantedMetric, seed: 5, reflectionModel: plantedProposer(), ...options });

const model = usePlantedModel();

describe("GEPA", () => {
  test("finds a rule that only feedback tells, within its budget, for 9 seeds of 10", async () => {
    const reached = await seedsOfTen(async (seed) => {
      const found = await gepa({ seed }).compile(plantedProgram(), { train, val, budget });
      expect(found.used.task.rollouts).toBeLessThanOrEqual(300);
      return found.program.state.instructions.includes(rule) && found.after >= found.before + 0.3;
    });
    expect(reached).toBeGreaterThanOrEqual(9);
  });

  test("mends each predictor of a program, for 9 seeds of 10", async () => {
    const reached = await seedsOfTen(async (seed) => {
      const found = await gepa({ seed }).compile(new TwoSteps(), { train, val, budget: { rollouts: 600 } });
      return [...found.program.predictors().values()].every(({ state }) => state.instructions.includes(rule));
    });
    expect(reached).toBeGreaterThanOrEqual(9);
  });

  test("the same seed gives the same run at any concurrency", async () => {
    const run = async (concurrency: number) => {
      currentLM.set(plantedModel({ wait: 2 }));
      return outcome(await gepa().compile(new TwoSteps(), { train, val, budget, concurrency }));
    };
    expect(await run(32)).toEqual(await run(1));
  });

  test("a run is replayed from its journal without a call", async () => {
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-gepa-")), "study.jsonl");
    const proposer = plantedProposer();
    const run = () =>
      gepa({ reflectionModel: proposer }).compile(plantedProgram(), { train, val, budget, journal });
    const first = await run();
    const [calls, asked] = [model().calls, proposer.calls];
    expect(outcome(await run())).toEqual(outcome(first));
    expect([model().calls, proposer.calls]).toEqual([calls, asked]);
    expect(await readFile(journal, "utf8")).toContain('"what":"accept"');
  });

  test("the proposer reads training rows with their feedback, and never a validation row", async () => {
    const proposer = plantedProposer();
    await gepa({ reflectionModel: proposer }).compile(new TwoSteps(), { train, val, budget });
    expect(proposer.prompts.length).toBeGreaterThan(0);
    expect(proposer.prompts[0]).toContain("reading 1-");
    expect(proposer.prompts.join()).toContain("expected");
    for (const prompt of proposer.prompts) expect(prompt).not.toContain("reading 2-");
  });

  test("ends by itself where no minibatch can improve, and asks nobody", async () => {
    const proposer = plantedProposer();
    const { kept, used } = await gepa({
      reflectionModel: proposer,
      metric: Object.assign(() => true, { label: "always right" }),
    }).compile(plantedProgram(), { train, val });
    expect(kept).toBe(true);
    expect(proposer.calls).toBe(0);
    expect(used.task.rollouts).toBe(val.length);
  });

  test("ends by itself where the proposer has nothing new", async () => {
    const proposer = plantedProposer(() => "Say how it is.");
    const { kept, used } = await gepa({ reflectionModel: proposer }).compile(plantedProgram(), {
      train,
      val,
    });
    expect(kept).toBe(true);
    expect(used.task.rollouts).toBeLessThanOrEqual(val.length + 2 * train.length);
  });
});

describe("the Pareto front", () => {
  const rollouts = (id: string, scores: number[]) => ({
    candidate: { ...candidate({}, id), id },
    split: "val" as const,
    rows: scores.map((_, index) => index),
    results: scores.map((score) => ({ score }) as Rollout),
    score: scores.reduce((sum, score) => sum + score, 0) / scores.length,
  });
  const frequencies = (front: ParetoFront) =>
    Object.fromEntries([...front.frequencies()].map(([{ id }, count]) => [id, count]));

  test("keeps who is best on some row, whatever its mean", () => {
    const front = new ParetoFront();
    front.add(rollouts("good", [1, 1, 1, 0]));
    front.add(rollouts("niche", [0, 0, 0, 1]));
    front.add(rollouts("poor", [0, 0, 0, 0]));
    expect(frequencies(front)).toEqual({ good: 3, niche: 1 });
  });

  test("leaves out who is best only where others are", () => {
    const front = new ParetoFront();
    front.add(rollouts("shared", [1, 0, 1]));
    front.add(rollouts("left", [1, 1, 0]));
    front.add(rollouts("right", [0, 1, 1]));
    expect(Object.keys(frequencies(front))).toHaveLength(2);
  });

  test("draws in proportion to the rows", () => {
    const front = new ParetoFront();
    front.add(rollouts("often", [1, 1, 1, 0]));
    front.add(rollouts("rarely", [0, 0, 0, 1]));
    const draw = random(1);
    const often = Array.from({ length: 400 }, () => front.draw(draw).id).filter((id) => id === "often");
    expect(often.length / 400).toBeCloseTo(0.75, 1);
  });

  test("an outage says nothing of a row", () => {
    const front = new ParetoFront();
    front.add(rollouts("a", [NaN, 1]));
    front.add(rollouts("b", [0.5, 0]));
    expect(frequencies(front)).toEqual({ a: 1, b: 1 });
  });
});

describe("merging lineages", () => {
  const base = candidate({}, "base");
  const made = (edits: Record<string, string>, parents: Candidate[]) =>
    candidate(
      Object.fromEntries(Object.entries(edits).map(([path, instructions]) => [path, { instructions }])),
      "reflection",
      parents.map(({ id }) => id),
    );
  const read = made({ read: "better" }, [base]);
  const judge = made({ judge: "better" }, [base]);
  const both = made({ read: "better", judge: "other" }, [read]);
  const scores = new Map([
    [base.id, 0.3],
    [read.id, 0.5],
    [judge.id, 0.6],
    [both.id, 0.5],
  ]);
  const byId = new Map([base, read, judge, both].map((one) => [one.id, one]));
  const find = (candidates: Candidate[], known = new Set<string>(), seed = 1) =>
    findMerge(candidates, byId, ({ id }) => scores.get(id)!, known, random(seed));
  // Which of the pair comes first is drawn; the outcome must not hang on it.
  const seeds = [1, 2, 3, 4, 5, 6];

  test("takes from each what it changed", () => {
    for (const seed of seeds) {
      expect(find([read, judge], undefined, seed)?.edits).toEqual({
        read: { instructions: "better" },
        judge: { instructions: "better" },
      });
    }
  });

  test("takes from the better one what both changed", () => {
    for (const seed of seeds) {
      expect(find([both, judge], undefined, seed)?.edits).toEqual({
        read: { instructions: "better" },
        judge: { instructions: "better" },
      });
    }
  });

  test("finds nothing between a candidate and its ancestor, nor twice", () => {
    expect(find([base, read])).toBeUndefined();
    expect(find([read, both])).toBeUndefined();
    const merge = find([read, judge])!;
    expect(find([judge, read], new Set([mergeKey(merge)]))).toBeUndefined();
  });
});
