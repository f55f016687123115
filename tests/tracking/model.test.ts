import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { display } from "../../src/core/index.ts";
import { connect, currentLM, lm } from "../../src/lm/index.ts";
import { ChainOfThought, type Module, Predict } from "../../src/modules/index.ts";
import { pythonPath } from "../../src/services/index.ts";
import { type Deployment, mlflow } from "../../src/tracking/index.ts";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { readAnswer } from "../support/reading-model.ts";
import { calledHere, withoutProcess } from "./called-here.ts";
import { Triage } from "./programs/triage.ts";
import { realMlflow } from "./real-mlflow.ts";

const server = realMlflow();
const triageFile = fileURLToPath(new URL("./programs/triage.ts", import.meta.url));
const run = promisify(execFile);
/** Its file imports the package by name, whose types are those of the build. */
const triage = () => new Triage() as unknown as Module;
let endpoint: FaultyEndpoint;

beforeAll(async () => {
  endpoint = await startEndpoint({ reply: readAnswer, key: "key-of-the-endpoint" });
});
afterAll(() => endpoint.close());
beforeEach(async () => {
  vi.stubEnv("OPENAI_BASE_URL", endpoint.baseURL);
  vi.stubEnv("OPENAI_API_KEY", "key-of-the-endpoint");
  await connect();
});
afterEach(() => {
  vi.unstubAllEnvs();
  currentLM.set(undefined);
});

const inquiries = [
  { inquiry: "Lost my bag again!", tags: ["vip", "ß — 日本"], history: 3 },
  { inquiry: "I love the crew", tags: [], history: null },
  { inquiry: "throw", tags: ["a"], history: 1 },
  { inquiry: "Where is my bag", tags: ["b", "c"], history: 0 },
];

async function post(deployment: Deployment, body: unknown): Promise<{ status: number; text: string }> {
  const response = await fetch(`${deployment.url}/invocations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

describe("a program of several steps, served by MLflow", () => {
  let deployment: Deployment;
  const program = triage().with({ sentiment: { instructions: "Judge the tone." } });
  afterAll(() => deployment?.stop());

  test("is logged, registered, given an alias and served: as when it is called here", async () => {
    const logged = await mlflow.run("training", () =>
      mlflow.logModel(program, {
        name: "triage",
        module: triageFile,
        inputExample: inquiries.slice(0, 1),
        registeredName: `lmframe-triage ${server.experiment}`,
        aliases: ["champion"],
        tags: { team: "support" },
      }),
    );
    const { version, runId } = logged.value;
    expect(runId).toBe(logged.runId);
    expect(version).toMatchObject({
      version: "1",
      aliases: ["champion"],
      modelId: logged.value.modelId,
      runId,
    });
    expect(logged.value[display]()["text/plain"]).toContain(logged.value.url);

    deployment = await mlflow.deploy(`models:/${version!.name}@champion`);
    const answered = await deployment.predict(inquiries);
    expect(withoutProcess(answered)).toEqual(withoutProcess(await calledHere(program, inquiries)));
    expect(answered[2]).toMatchObject({ sentiment: null, error: "RangeError: cannot triage this one" });
    const prompt = endpoint.calls.map(({ body }) => JSON.stringify(body.messages));
    expect(prompt.some((text) => text.includes("Judge the tone."))).toBe(true);
  }, 180_000);

  test("all four forms of input are taken, and order is kept", async () => {
    const expected = withoutProcess(await calledHere(program, inquiries));
    // MLflow itself takes lists within `instances` only where all are of one length.
    const even = inquiries.map((row) => ({ ...row, tags: ["a", "b"] }));
    const expectedEven = withoutProcess(await calledHere(program, even));
    const columns = ["tags", "inquiry", "history"] as const;
    const data = inquiries.map((row) => columns.map((column) => row[column]));
    const byColumn = Object.fromEntries(
      columns.map((column) => [column, inquiries.map((row) => row[column])]),
    );
    for (const [body, answers] of [
      [{ dataframe_split: { columns, data } }, expected],
      [{ dataframe_records: inquiries }, expected],
      [{ instances: even }, expectedEven],
      [{ inputs: byColumn }, expected],
      [{ inputs: inquiries }, expected],
    ] as const) {
      const { status, text } = await post(deployment, body);
      expect(status, text).toBe(200);
      const { predictions } = JSON.parse(text) as { predictions: Record<string, unknown>[] };
      expect(withoutProcess(predictions), Object.keys(body)[0]).toEqual(answers);
    }
    const many = Array.from({ length: 60 }, (_, index) => ({ inquiry: `${index}!`, tags: [String(index)] }));
    const [odd] = await deployment.predict([{ inquiry: "x", tags: "no list" }]);
    expect(odd!.error).toMatch(/^DataError: column "tags": .*list/);
    expect((await deployment.predict(many)).map(({ tokens }) => (tokens as string[])[0])).toEqual(
      many.map(({ tags }) => tags[0]),
    );
  });

  test("bad input is 400 with the reason, another content type 415", async () => {
    const lacking = await post(deployment, { dataframe_records: [{ tags: ["no inquiry"] }] });
    expect(lacking.status).toBe(400);
    expect(lacking.text).toContain("inquiry");
    const typed = await post(deployment, {
      dataframe_records: [{ inquiry: "x", history: "many" }],
    });
    expect(typed.status).toBe(400);
    expect((await post(deployment, { rows: [] })).status).toBe(400);
    const plain = await fetch(`${deployment.url}/invocations`, { method: "POST", body: "x" });
    expect(plain.status).toBe(415);
    await expect(deployment.predict([{ tags: [] }])).rejects.toThrow(/answered 400.*inquiry/s);
  });

  test("one Node answers all requests; killed, another takes its place", async () => {
    const processOf = async () => (await deployment.predict(inquiries.slice(0, 1)))[0]!.process as number;
    const first = await processOf();
    expect(new Set(await Promise.all(Array.from({ length: 8 }, processOf)))).toEqual(new Set([first]));
    process.kill(first, "SIGKILL");
    const second = await processOf();
    expect(second).not.toBe(first);
    // Rows that end Node themselves are tried once more, and then told of.
    await expect(deployment.predict([{ inquiry: "crash" }])).rejects.toThrow(
      /answered 500.*Node ended twice/s,
    );
    const third = await processOf();
    await deployment.stop();
    await vi.waitFor(() => expect(() => process.kill(third, 0)).toThrow("ESRCH"), { timeout: 10_000 });
  });
});

describe("what a model holds", () => {
  test("signature, example, requirements, code and state; no endpoint and no key", async () => {
    const program = new Predict("text, limit: Optional[int] -> score: float, kind: Literal[1, 2]", {
      temperature: 0.25,
    });
    const model = await mlflow.logModel(program, { inputExample: [{ text: "a" }], requirements: ["pytz"] });
    expect(model).toMatchObject({ name: "Predict", runId: undefined, version: undefined });
    const { model: stored } = (await (
      await fetch(`${server.uri}/api/2.0/mlflow/logged-models/${model.modelId}`)
    ).json()) as { model: { info: { artifact_uri: string; status: string } } };
    expect(stored.info.status).toBe("LOGGED_MODEL_READY");
    const read = async (path: string) =>
      Buffer.from((await server.client.getArtifact(stored.info.artifact_uri, path))!).toString();
    const described = JSON.parse(await read("MLmodel")) as {
      model_id: string;
      signature: { inputs: string; outputs: string };
      flavors: { python_function: { loader_module: string } };
    };
    expect(described.model_id).toBe(model.modelId);
    expect(JSON.parse(described.signature.inputs)).toEqual([
      { type: "string", name: "text", required: true },
      { type: "double", name: "limit", required: false },
    ]);
    expect(JSON.parse(described.signature.outputs)).toEqual([
      { type: "double", name: "score", required: false },
      { type: "double", name: "kind", required: false },
      { type: "string", name: "error", required: false },
    ]);
    expect(JSON.parse(await read("input_example.json"))).toEqual({ columns: ["text"], data: [["a"]] });
    expect(JSON.parse(await read("data/scoring.json"))).toEqual({ settings: { temperature: 0.25 } });
    expect(await read("requirements.txt")).toMatch(/^mlflow==[\d.]+\n(.*\n)*pytz\n$/);
    const { loader_module } = described.flavors.python_function;
    expect(loader_module).toMatch(/^lmframe_model_[0-9a-f]{12}$/);
    const everything = await Promise.all(
      [
        "MLmodel",
        "data/program.json",
        "data/worker.mjs",
        `code/${loader_module}.py`,
        "conda.yaml",
        "python_env.yaml",
      ].map(read),
    );
    for (const leak of ["key-of-the-endpoint", endpoint.baseURL, server.home, process.cwd()]) {
      expect(everything.filter((text) => text.includes(leak))).toEqual([]);
    }
  }, 60_000);

  test("pyfunc loads two at once, each with its own program; the model is configured on load", async () => {
    const judge = new ChainOfThought("text -> sentiment: Literal['bad', 'good']");
    const count = new Predict("text -> count: int, score: float");
    const models = [await mlflow.logModel(judge), await mlflow.logModel(count)];
    const script = join(server.home, "predict.py");
    writeFileSync(
      script,
      `import json, pickle, sys, mlflow, pandas as pd
frame = pd.DataFrame({"text": ["I love it", "not so"]}, index=[7, 3])
config = json.loads(sys.argv[3])
for uri in sys.argv[1:3]:
    model = mlflow.pyfunc.load_model(uri, model_config=config)
    answered = model.predict(frame)
    print(json.dumps([list(answered.index), answered.to_dict("records")]))
    copy = pickle.loads(pickle.dumps(model._model_impl))
    assert copy.predict(frame).to_dict("records") == answered.to_dict("records")
`,
    );
    const { OPENAI_BASE_URL: _, OPENAI_API_KEY: __, ...env } = process.env;
    const config = { OPENAI_BASE_URL: endpoint.baseURL, OPENAI_API_KEY: "key-of-the-endpoint" };
    const { stdout } = await run(
      pythonPath(),
      [script, ...models.map(({ uri }) => uri), JSON.stringify(config)],
      { env: { ...env, LMFRAME_NODE: process.execPath, MLFLOW_DISABLE_TELEMETRY: "true" } },
    );
    const rows = [{ text: "I love it" }, { text: "not so" }];
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      [[7, 3], await calledHere(judge as Module, rows)],
      [[7, 3], await calledHere(count, rows)],
    ]);
  }, 120_000);
});

describe("what cannot be served is told before anything is logged", () => {
  const nothingLogged = async () =>
    expect(await server.client.findExperiment(server.experiment)).toBeUndefined();

  test("a class without its module", async () => {
    await expect(mlflow.logModel(triage())).rejects.toThrow(/Triage.*module: "programs\/support\.ts"/s);
    await nothingLogged();
  });

  test("a module of another program", async () => {
    const other = new Predict("text -> sentiment");
    await expect(mlflow.logModel(other, { module: triageFile })).rejects.toThrow(
      /does not start.*no predictor at/s,
    );
  });

  test("a package that is left out, and is not there", async () => {
    const path = join(server.home, "native.ts");
    writeFileSync(
      path,
      'import { Predict } from "lmframe";\nimport { speed } from "not-installed/native";\nexport default new Predict("a -> b", { maxTokens: speed });\n',
    );
    const program = new Predict("a -> b");
    await expect(mlflow.logModel(program, { module: path })).rejects.toThrow(/cannot bundle.*not-installed/s);
    const leftOut = ["not-installed"];
    await expect(mlflow.logModel(program, { module: path, leftOut })).rejects.toThrow(
      /does not start.*not-installed\/native/s,
    );
    const packages = join(server.home, "packages");
    mkdirSync(join(packages, "not-installed"), { recursive: true });
    writeFileSync(join(packages, "not-installed", "native.js"), "exports.speed = 5;");
    vi.stubEnv("NODE_PATH", packages);
    await expect(mlflow.logModel(program, { module: path, leftOut })).resolves.toMatchObject({
      name: "Predict",
    });
  });

  test("a module that holds a key", async () => {
    const path = join(server.home, "leaky.ts");
    writeFileSync(
      path,
      `import { Predict } from "lmframe";\nconst key = "sk-${"a1".repeat(12)}";\nexport default new Predict("a -> b", { extra: { key } });\n`,
    );
    await expect(mlflow.logModel(new Predict("a -> b"), { module: path })).rejects.toThrow(
      /leaky\.ts holds a key/,
    );
    await nothingLogged();
  });

  test("a predictor with an adapter of its own, which its state does not hold", async () => {
    const { xmlAdapter } = await import("../../src/adapters/index.ts");
    await expect(mlflow.logModel(new Predict("a -> b", { adapter: xmlAdapter }))).rejects.toThrow(/module:/);
  });

  test("a file that the server does not take leaves a model that is marked as failed", async () => {
    server.proxy.reset((line) => (line.includes("worker.mjs") ? 413 : "pass"));
    await expect(mlflow.logModel(new Predict("a -> b", { lm: lm("other") }))).rejects.toThrow(
      /worker\.mjs.*413/,
    );
    const id = await server.client.findExperiment(server.experiment);
    const { models } = (await (
      await fetch(`${server.uri}/api/2.0/mlflow/logged-models/search`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ experiment_ids: [id] }),
      })
    ).json()) as { models: { info: { status: string } }[] };
    expect(models.map(({ info }) => info.status)).toEqual(["LOGGED_MODEL_UPLOAD_FAILED"]);
  });
});
