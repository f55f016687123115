import { afterEach, describe, expect, test } from "vitest";
import { type EndpointScript, type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { everythingOf, realMlflow } from "../tracking/real-mlflow.ts";
import { command, messages, readSentiment, useFolder } from "./command.ts";

const server = realMlflow();
const folder = useFolder();
let endpoint: FaultyEndpoint;
afterEach(() => endpoint.close());

/** Runs a command against an endpoint that answers by `reply`, logging to the test's experiment. */
async function run(args: string[], reply: EndpointScript["reply"] = readSentiment) {
  endpoint = await startEndpoint({ reply });
  return command(args, {
    cwd: folder.path,
    env: { OPENAI_BASE_URL: endpoint.baseURL, OPENAI_API_KEY: "sk-test-0123456789abcdef0123456789" },
  });
}

const classify = () => [
  ...[
    "classify",
    "messages.csv",
    "--text",
    "text",
    "--label",
    "sentiment",
    "--experiment",
    server.experiment,
  ],
  ...["--optimizer", "labeled", "--seed", "7", "--json"],
];

/** Reads right only where it was shown an example: an optimizer finds something. */
const needsExamples: EndpointScript["reply"] = (request) =>
  request.messages.some(({ role }) => role === "assistant")
    ? readSentiment(request)
    : '{"sentiment": "negative"}';

describe("classify with MLflow away throughout, then sync", () => {
  test("gives a complete run, the same as with MLflow there", async () => {
    folder.write("messages.csv", messages(60));
    server.proxy.reset(() => "refuse");
    const done = await run([...classify(), "--save", "program.json"], needsExamples);
    await endpoint.close();
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining("waits on disk") });
    const found = JSON.parse(done.stdout);
    expect(found.run).toBeNull();
    expect(await everythingOf(server)).toEqual([]);

    const still = await run(["sync", "--json"]);
    await endpoint.close();
    expect(still.code).toBe(1);
    expect(JSON.parse(still.stdout)).toMatchObject({ sent: [], waiting: [{ name: "classification" }] });

    server.proxy.reset();
    const sync = await run(["sync"]);
    await endpoint.close();
    expect(sync).toMatchObject({ code: 0 });
    const id = /^sent {5}classification: http.*\/runs\/(\w+)$/m.exec(sync.stdout)?.[1];
    expect(id).toBeDefined();
    expect(server.spooled()).toEqual([]);

    const runs = await everythingOf(server);
    const top = runs.find(({ name }) => name === "classification")!;
    expect(top).toMatchObject({
      status: "FINISHED",
      params: { optimizer: "labeled", text: "text", label: "sentiment", seed: "7", model: "test-model" },
      metrics: {
        score: [[0, found.after.accuracy]],
        macro_f1: [[0, found.after.macroF1]],
        score_before: [[0, found.before.accuracy]],
        rows: [[0, 18]],
        unreadable: [[0, 0]],
      },
    });
    expect(JSON.parse(top.files["program.json"]!)).toMatchObject({
      metadata: { lmframe: { kind: "Predict" } },
    });
    expect(JSON.parse(top.files["predictions.json"]!).data).toHaveLength(18);
    expect(top.datasets).toMatchObject([[expect.any(String), expect.any(String), "test"]]);
    const below = (parent: string) => runs.filter((run) => run.parent === parent).map(({ name }) => name);
    expect(below("classification").sort()).toEqual(["LabeledFewShot", "after", "before"]);
    expect(below("LabeledFewShot").length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(runs)).not.toContain("sk-test");

    const there = await run(classify(), needsExamples);
    expect(JSON.parse(there.stdout)).toMatchObject({
      run: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#\/experiments\/\d+\/runs\/\w+$/),
      before: found.before,
      after: found.after,
    });
    expect(await everythingOf(server)).toHaveLength(2 * runs.length);
  });
});

test("classify gives what it found where MLflow refuses the credentials", async () => {
  folder.write("messages.csv", messages(40));
  server.proxy.reset(() => 401);
  const done = await run(classify());
  expect(done).toMatchObject({ code: 0, stderr: expect.stringMatching(/401.*kept on disk/) });
  expect(JSON.parse(done.stdout)).toMatchObject({ run: null, after: { errors: 0 } });
  expect(server.spooled()).toHaveLength(1);
});

describe("optimize", () => {
  const source = (line = "") =>
    `import { Predict } from "lmframe";
     ${line}
     export default new Predict("text -> sentiment: Literal['positive', 'negative']", "Say it.");`;
  const optimize = () => [
    ...["optimize", "classifier.mjs", "messages.csv", "--experiment", server.experiment],
    ...["--optimizer", "labeled", "--json"],
  ];

  test("logs the search with its figures on rows held out, and the program as a model of the run", async () => {
    folder.write("messages.csv", messages(60));
    folder.write("classifier.mjs", source());
    const done = await run(optimize(), needsExamples);
    expect(done).toMatchObject({ code: 0 });
    const found = JSON.parse(done.stdout);
    const runs = await everythingOf(server);
    expect(runs.find(({ name }) => name === "LabeledFewShot")!.metrics).toMatchObject({
      after: [[0, found.after]],
      test_before: [[0, found.test.score.before]],
      test_after: [[0, found.test.score.after]],
      test_difference: [[0, found.test.score.difference]],
    });
    expect(runs.map(({ name }) => name)).toEqual(expect.arrayContaining(["before", "after"]));
    expect(found.model).toMatch(/^models:\/m-\w+$/);
    const id = String(found.model).slice("models:/".length);
    const { model } = (await (await fetch(`${server.uri}/api/2.0/mlflow/logged-models/${id}`)).json()) as {
      model: { info: { source_run_id: string; status: string } };
    };
    expect(model.info).toMatchObject({ status: "LOGGED_MODEL_READY" });
    expect(found.run).toContain(model.info.source_run_id);
  });

  test("goes on where the program cannot be bundled, and says so", async () => {
    folder.write("messages.csv", messages(40));
    folder.write("classifier.mjs", source('export const key = "sk-test-0123456789abcdef0123456789";'));
    const done = await run(optimize(), needsExamples);
    expect(done).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/the program is not logged as a model: .*holds a key or a token/),
    });
    expect(JSON.parse(done.stdout)).toMatchObject({ model: null, run: expect.stringContaining("/runs/") });
  });
});

describe("evaluate with a baseline", () => {
  test("guards by its exit code", async () => {
    folder.write("messages.csv", messages(60));
    const classified = await run([...classify(), "--save", "program.json"], needsExamples);
    await endpoint.close();
    folder.write("test.csv", messages(20));
    const evaluate = (...args: string[]) => [
      ...["evaluate", "program.json", "test.csv", "--experiment", server.experiment, "--json", ...args],
    ];
    const first = await run(evaluate());
    await endpoint.close();
    const base = JSON.parse(first.stdout);
    expect(base).toMatchObject({ score: 0.8, rows: 20, baseline: null, passed: true });
    const id = base.run.split("/").at(-1) as string;

    const same = await run(evaluate("--baseline", id));
    await endpoint.close();
    expect(same.code).toBe(0);
    expect(JSON.parse(same.stdout)).toMatchObject({ baseline: 0.8, score: 0.8, passed: true });

    // One more message is read wrong: 0.75.
    const worse: EndpointScript["reply"] = (request) =>
      JSON.stringify(request.messages.at(-1)).includes("message 2,")
        ? '{"sentiment": "negative"}'
        : readSentiment(request);
    for (const [allowed, code] of [
      ["0.02", 1],
      ["0.05", 0],
    ] as const) {
      const done = await run(evaluate("--baseline", base.run, "--max-drop", allowed), worse);
      await endpoint.close();
      expect([allowed, done.code]).toEqual([allowed, code]);
      expect(JSON.parse(done.stdout)).toMatchObject({ score: 0.75, passed: code === 0 });
    }

    const onClassified = await run(
      evaluate("--baseline", JSON.parse(classified.stdout).run, "--max-drop", "1"),
    );
    await endpoint.close();
    expect(onClassified.code).toBe(0);

    const otherMetric = await run(evaluate("--baseline", id, "--metric", "f1"));
    expect(otherMetric).toMatchObject({ code: 1, stdout: "" });
    expect(otherMetric.stderr).toMatch(/scored by "exact match of sentiment", this one is to be by "F1 of/);
    expect(endpoint.calls).toEqual([]);
    await endpoint.close();
    const unknown = await run(evaluate("--baseline", "0".repeat(32)));
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/no run "0{32}"/) });
  });
});
