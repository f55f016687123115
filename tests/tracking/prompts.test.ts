import { beforeEach, describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";
import { signature } from "../../src/signature/index.ts";
import { mlflow } from "../../src/tracking/index.ts";
import { realMlflow } from "./real-mlflow.ts";

realMlflow();
const { prompts } = mlflow;
let name: string;
beforeEach(() => {
  name = `support${Date.now()}`;
});

class Support extends Module {
  static override signature = signature("text -> label");
  query = new Predict("text -> topic", "Name the topic.");
  judges = [new Predict("text, topic -> label", "Judge it.\nBe brief.")];

  async forward({ text }: { text: string }) {
    const { topic } = await this.query.call({ text });
    return this.judges[0]!.call({ text, topic });
  }
}

const lm = new FunctionModel(() => '{"topic": "bags", "label": "bad"}');
const rows = Dataset.from([
  { text: "a", label: "bad" },
  { text: "b", label: "good" },
]);

describe("a program's prompts", () => {
  test("are versions in MLflow's prompt registry: a new one only where something changed", async () => {
    const program = new Support();
    const first = await prompts.register(program, name, { message: "as written" });
    expect(first.map((prompt) => [prompt.name, prompt.version, prompt.text, prompt.description])).toEqual([
      [`${name}.query`, "1", "Name the topic.", "as written"],
      [`${name}.judges.0`, "1", "Judge it.\nBe brief.", "as written"],
    ]);
    const changed = program.with({ "judges[0]": { instructions: "Judge it.\nBe thorough." } });
    const second = await prompts.register(changed, name);
    expect(second.map(({ version }) => version)).toEqual(["1", "2"]);
    const shown = changed.with({ query: { demos: [{ text: "x", topic: "y" }] } });
    expect((await prompts.register(shown, name)).map(({ version }) => version)).toEqual(["2", "2"]);
    // What was there before is known again.
    expect((await prompts.register(program, name)).map(({ version }) => version)).toEqual(["1", "1"]);

    const [newest, oldest] = await prompts.versions(`${name}.judges.0`);
    expect(await prompts.diff(oldest!, newest!)).toBe(
      `--- ${name}.judges.0 1\n+++ ${name}.judges.0 2\n@@ -1,2 +1,2 @@\n Judge it.\n-Be brief.\n+Be thorough.\n`,
    );
    const listed = (await prompts.list()).filter((prompt) => prompt.name.startsWith(name));
    expect(listed.map((prompt) => [prompt.name, prompt.version])).toEqual([
      [`${name}.judges.0`, "2"],
      [`${name}.query`, "2"],
    ]);
    await mlflow.registry.setAlias(`${name}.query`, "production", 1);
    expect(await prompts.version(`${name}.query`, "production")).toMatchObject({
      version: "1",
      aliases: ["production"],
    });
    await expect(prompts.version(`${name}.quer`)).rejects.toThrow(new RegExp(`did you mean "${name}.query"`));
    await expect(prompts.version(`${name}.query`, 7)).rejects.toThrow(/no version 7; it has 2, 1/);
  });

  test("an evaluation is noted among them and linked with its run; a change without one is found", async () => {
    const program = new Support();
    const statuses = async (of: Module) => (await prompts.check(of, name)).map(({ status }) => status);
    expect(await statuses(program)).toEqual(["new", "new"]);
    await prompts.register(program, name);
    expect(await statuses(program)).toEqual(["unevaluated", "unevaluated"]);

    const result = await evaluate(program, rows, exactMatch("label"), { lm });
    const logged = await mlflow.log(result, { prompts: name });
    expect(logged.prompts.map(({ evaluation }) => evaluation)).toEqual([
      { runId: logged.runId, metric: result.subject.metric, score: 0.5 },
      { runId: logged.runId, metric: result.subject.metric, score: 0.5 },
    ]);
    expect(JSON.parse((await mlflow.get(logged.runId!)).tags["mlflow.linkedPrompts"]!)).toEqual([
      { name: `${name}.query`, version: "1" },
      { name: `${name}.judges.0`, version: "1" },
    ]);
    expect((await prompts.version(`${name}.query`)).tags["mlflow.prompt.associatedRunIds"]).toBe(
      logged.runId,
    );
    expect(await statuses(program)).toEqual(["evaluated", "evaluated"]);

    const changed = program.with({ query: { instructions: "Name the topic in one word." } });
    expect(await statuses(changed)).toEqual(["changed", "evaluated"]);
    expect((await prompts.check(changed, name))[0]!.last!.text).toBe("Name the topic.");
  });

  test("an evaluation that was cut short says nothing of them", async () => {
    const program = new Predict("text -> label");
    const away = new FunctionModel(() => Promise.reject(new TypeError("away")));
    const stop = AbortSignal.abort();
    const result = await evaluate(program, rows, exactMatch("label"), { lm: away, signal: stop });
    const { prompts: noted } = await mlflow.log(result, { prompts: name });
    expect(noted).toMatchObject([{ name, evaluation: undefined }]);
    expect((await prompts.check(program, name)).map(({ status }) => status)).toEqual(["unevaluated"]);
  });

  test("runs that are linked at once are all kept, beside those of the old form", async () => {
    const program = new Predict("text -> label");
    const [prompt] = await prompts.register(program, name);
    await mlflow.registry.setVersionTag(name, 1, "mlflow.prompt.associatedRunIds", "older");
    const logged = await Promise.all(
      Array.from({ length: 8 }, (_, each) => mlflow.run(`run ${each}`, () => Promise.resolve())),
    );
    const ids = logged.map(({ runId }) => runId!);
    await Promise.all(ids.map((runId) => prompts.register(program, name, { runId })));
    const { runs, tags } = await prompts.version(name);
    expect(prompt!.runs).toEqual([]);
    expect(runs[0]).toBe("older");
    expect([...runs].sort()).toEqual(["older", ...ids].sort());
    expect(tags["mlflow.prompt.associatedRunIds"]!.split(",").sort()).toEqual(["older", ...ids].sort());
    expect(tags._mlflow_experiment_ids).toMatch(/^\d+$/);
  });

  test("where MLflow's list of runs is full, no link is lost", async () => {
    const program = new Predict("text -> label");
    await prompts.register(program, name);
    const older = Array.from({ length: 3000 }, (_, each) => each.toString(16).padStart(32, "0"));
    await mlflow.registry.setVersionTag(name, 1, "mlflow.prompt.associatedRunIds", older.join(","));
    const { runId } = await mlflow.run("newest", () => Promise.resolve());
    await prompts.register(program, name, { runId: runId! });
    const { runs, tags } = await prompts.version(name);
    expect(tags["mlflow.prompt.associatedRunIds"]).toBe(older.join(","));
    expect(runs).toEqual([...older, runId]);
  });

  test("what has no program has no prompts", async () => {
    await expect(mlflow.log({ name: "by hand" }, { prompts: name })).rejects.toThrow(/has no program/);
  });
});
