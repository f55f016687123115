import { expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";
import { LabeledFewShot } from "../../src/optimizers/index.ts";
import { mlflow } from "../../src/tracking/index.ts";
import { everythingOf, realMlflow } from "./real-mlflow.ts";

const server = realMlflow();
const lm = new FunctionModel(({ messages }) => {
  const text = JSON.stringify(messages.at(-1)!.content);
  const label = text.includes("bag") ? "bad" : "good";
  return {
    choices: [{ text: JSON.stringify({ label }), toolCalls: [], finishReason: "stop" }],
    usage: { inputTokens: 10, outputTokens: 2, cachedTokens: 0, reasoningTokens: 0 },
  };
});
const rows = Dataset.from(
  Array.from({ length: 8 }, (_, index) => ({
    text: `${index % 2 ? "bag" : "crew"} ${index}`,
    label: index < 6 === Boolean(index % 2) ? "bad" : "good",
  })),
);
const classify = new Predict("text -> label: Literal['bad', 'good']", { instructions: "Sort it.", lm });

test("an evaluation is logged by the names of a production logger, its model registered, its prompts linked", async () => {
  const evaluation = await evaluate(classify, rows, exactMatch("label"));
  const name = `feedback-${Date.now()}`;
  const logged = await mlflow.log(evaluation, {
    model: { name, registeredName: true, inputExample: [{ text: "a bag" }] },
    prompts: name,
  });
  const { metrics, tags } = await mlflow.get(logged.runId!);
  expect(metrics).toMatchObject({ accuracy: evaluation.score, total_tokens: 96, calls: 8 });
  for (const known of ["avg_latency_ms", "p50_latency_ms", "p95_latency_ms", "p99_latency_ms"]) {
    expect(metrics[known]).toBeGreaterThan(0);
  }
  expect(await mlflow.readTable(logged.runId!, "sample_predictions")).toMatchObject([
    { text: "crew 0", predicted_label: "good" },
    { text: "bag 1" },
    { text: "crew 2" },
    { text: "bag 3" },
    { text: "crew 4" },
  ]);
  const configuration = await mlflow.readArtifact(logged.runId!, "pipeline_config.json");
  expect(JSON.parse(Buffer.from(configuration).toString())).toMatchObject({
    program: "Predict",
    predictors: { self: { instructions: "Sort it.", demos: 0, model: lm.name } },
  });
  expect(logged.model).toMatchObject({
    name,
    runId: logged.runId,
    version: { name: `lmframe-${name}`, version: "1" },
  });
  expect(JSON.parse(tags["mlflow.linkedPrompts"]!)).toEqual([{ name, version: "1" }]);

  const { run } = (await (
    await fetch(`${server.uri}/api/2.0/mlflow/runs/get?run_id=${logged.runId}`)
  ).json()) as { run: { outputs: { model_outputs: { model_id: string }[] } } };
  expect(run.outputs.model_outputs.map(({ model_id }) => model_id)).toEqual([logged.model!.modelId]);
  const { model } = (await (
    await fetch(`${server.uri}/api/2.0/mlflow/logged-models/${logged.model!.modelId}`)
  ).json()) as { model: { info: { tags: { key: string; value: string }[] } } };
  expect(model.info.tags.find(({ key }) => key === "mlflow.linkedPrompts")?.value).toBe(
    tags["mlflow.linkedPrompts"],
  );
}, 90_000);

test("optimizers and evaluations of many runs at once stand beneath their own", async () => {
  const names = ["a", "b", "c"];
  await Promise.all(
    names.map((name) =>
      mlflow.run(name, async () => {
        const found = await new LabeledFewShot({ metric: exactMatch("label") }).compile(classify, {
          train: rows,
          val: rows,
        });
        await mlflow.log(found);
        await mlflow.log(await evaluate(found.program, rows, exactMatch("label"), { name: `check ${name}` }));
      }),
    ),
  );
  const runs = await everythingOf(server);
  for (const name of names) {
    const check = runs.find((run) => run.name === `check ${name}`);
    expect(check).toMatchObject({ parent: name, datasets: [["rows", expect.any(String), "test"]] });
  }
  expect(
    runs
      .filter((run) => run.name === "LabeledFewShot")
      .map(({ parent }) => parent)
      .sort(),
  ).toEqual(names);
  const candidates = runs.filter((run) => run.name!.startsWith("candidate"));
  expect(candidates.length).toBeGreaterThanOrEqual(names.length);
  expect(new Set(candidates.map(({ parent }) => parent))).toEqual(new Set(["LabeledFewShot"]));
}, 90_000);
