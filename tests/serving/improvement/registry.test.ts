import { expect, test } from "vitest";
import { mlflow } from "../../../src/tracking/index.ts";
import { realMlflow } from "../../tracking/real-mlflow.ts";
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
    const pipeline = await here.open(task.program(), { registry });
    expect(await aliases(name)).toEqual({ 1: ["champion"] });
    await here.rate(120, 1);
    expect(await pipeline.improve()).toMatchObject({ outcome: "promoted" });
    expect(await aliases(name)).toEqual({ 2: ["champion"], 1: ["former"] });
    const { tags } = await mlflow.registry.version(name, 2);
    expect(JSON.parse(tags["lmframe.duel"]!)).toMatchObject({ rows: expect.any(Number) as number });
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
