import { describe, expect, test } from "vitest";
import { mlflow } from "../../../src/tracking/index.ts";
import { everythingOf, realMlflow } from "../../tracking/real-mlflow.ts";
import { task, usePipelines } from "./planted-feedback.ts";

const server = realMlflow();
const here = usePipelines();

/** The versions with their aliases, newest first. */
const aliases = async (name: string) =>
  Object.fromEntries(
    (await mlflow.registry.versions(name)).map(({ version, aliases }) => [version, [...aliases].sort()]),
  );

test(
  "versions and aliases in MLflow follow, also of what was done while it was away",
  { timeout: 600_000 },
  async () => {
    const name = `improving ${server.experiment}`;
    const registry = { name, experiment: server.experiment };
    const pipeline = await here.open(task.program(), { registry, audience: ["pilots", "mechanics"] });
    expect(await aliases(name)).toEqual({ 1: ["champion"] });
    await here.rate(120, 1);
    expect(await pipeline.improve()).toMatchObject({ outcome: "promoted" });
    expect(await aliases(name)).toEqual({ 2: ["champion"], 1: ["former"] });
    const { tags } = await mlflow.registry.version(name, 2);
    expect(JSON.parse(tags["lmframe.duel"]!)).toMatchObject({ rows: expect.any(Number) as number });
    // Whom it was learnt for; the program as it was given may answer everybody.
    expect(JSON.parse(tags["lmframe.audience"]!)).toEqual(["mechanics", "pilots"]);
    expect((await mlflow.registry.version(name, 1)).tags).not.toHaveProperty(["lmframe.audience"]);
    const file = await mlflow.registry.version(name, "champion");
    expect(file.modelId).toBeDefined();

    // Away: going back is done here at once, and there later.
    server.proxy.reset(() => "refuse");
    await pipeline.rollback();
    expect(pipeline.version).toBe(0);
    expect(here.logged.at(-1)).toMatch(/told later/);
    server.proxy.reset();
    expect(await aliases(name)).toEqual({ 2: ["champion"], 1: ["former"] });
    await pipeline.improve();
    expect(await aliases(name)).toEqual({ 2: [], 1: ["champion"] });

    // Somebody decides in MLflow.
    await mlflow.registry.setAlias(name, "champion", 2);
    await pipeline.improve();
    expect([pipeline.version, pipeline.state.former]).toEqual([1, [0]]);
    expect(await aliases(name)).toEqual({ 2: ["champion"], 1: ["former"] });
  },
);

describe("a round as runs", () => {
  const name = () => `improving ${server.experiment}`;
  const open = () => here.open(task.program(), { registry: { name: name(), experiment: server.experiment } });

  /** The runs of the only round, by what they are. */
  async function runsOfRound() {
    const runs = await everythingOf(server);
    const search = runs.find(({ tags }) => tags["lmframe.kind"] === "optimization")!;
    const beneath = runs.filter(({ parent }) => parent === search.name);
    const duel = beneath.find(({ tags }) => tags["lmframe.kind"] === "duel")!;
    return { search, duel, candidates: beneath.filter((run) => run !== duel) };
  }

  test("search, candidates and duel are logged, linked to the version", { timeout: 600_000 }, async () => {
    const pipeline = await open();
    await here.rate(120, 1);
    const round = await pipeline.improve();
    const { search, duel, candidates } = await runsOfRound();
    expect(search).toMatchObject({
      name: "version 1: RandomSearch",
      status: "FINISHED",
      tags: { "lmframe.champion": "0", "lmframe.version": "1", "lmframe.kept": "false" },
    });
    expect(candidates.length).toBe(search.metrics.candidates![0]![1]);
    expect(candidates.every(({ tags }) => tags["lmframe.kind"] === "candidate")).toBe(true);

    const { rows, before, after, difference, interval, probability } = round!.duel!;
    expect(duel).toMatchObject({
      name: "version 1 against version 0",
      tags: { "lmframe.outcome": "promoted", "lmframe.why": round!.why },
    });
    const figures = Object.entries(duel.metrics).map(([name, points]) => [name, points[0]![1]]);
    expect(Object.fromEntries(figures)).toEqual({
      champion: before,
      challenger: after,
      difference,
      difference_low: interval[0],
      difference_high: interval[1],
      probability,
      rows,
    });
    const scores = JSON.parse(duel.files["scores.json"]!) as { columns: string[]; data: number[][] };
    expect(scores.columns).toEqual(["row", "champion", "challenger"]);
    expect(scores.data.length).toBe(rows);
    expect(scores.data.reduce((sum, [, , score]) => sum + score!, 0) / rows).toBeCloseTo(after, 10);

    const { runId } = await mlflow.registry.version(name(), "champion");
    expect((await mlflow.get(runId!)).name).toBe(search.name);
  });

  test("what was done while MLflow was away is there once it is back", { timeout: 600_000 }, async () => {
    server.proxy.reset(() => "refuse");
    const pipeline = await open();
    await here.rate(120, 1);
    expect(await pipeline.improve()).toMatchObject({ outcome: "promoted" });
    server.proxy.reset();
    expect((await mlflow.sync()).waiting).toEqual([]);
    await pipeline.improve();
    const { search, duel } = await runsOfRound();
    expect(duel.name).toBe("version 1 against version 0");
    const { runId } = await mlflow.registry.version(name(), "champion");
    expect((await mlflow.get(runId!)).name).toBe(search.name);
  });
});
