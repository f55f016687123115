import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError, DataError, ModelError, RefusedError } from "../../../src/core/index.ts";
import type { LMOptions } from "../../../src/lm/index.ts";
import { judged, metricIdentity, readScore } from "../../../src/metrics/index.ts";
import { callSettings, Predict } from "../../../src/modules/index.ts";
import type { Embedder } from "../../../src/retrieval/index.ts";
import {
  aiQuery,
  databricks,
  deltaSourceTable,
  type VectorColumns,
} from "../../../src/scale/databricks/index.ts";
import { ModelRegistry } from "../../../src/scale/models/index.ts";
import { serverAddress } from "../../../src/tracking/server-address.ts";
import { startEndpoint } from "../../support/faulty-endpoint.ts";
import { embed, startWorkspace } from "./workspace-stand-in.ts";

type StandIn = Awaited<ReturnType<typeof startWorkspace>>;
let standIn: StandIn;
beforeEach(async () => {
  standIn = await startWorkspace();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const name of ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "DATABRICKS_HOST", "DATABRICKS_TOKEN"])
    delete process.env[name];
  await standIn.close();
});
const connect = () => databricks({ host: standIn.host, token: "dapi-static", retry: { firstWait: 0.01 } });
const embedder: Embedder = {
  name: "e",
  identity: "e",
  embed: async (texts) => texts.map((text) => Float32Array.from(embed(text))),
};
const ana = { id: "ana", groups: ["mechanics"] };
const bob = { id: "bob", groups: ["pilots"] };

describe("models of a workspace", () => {
  test("are asked through their serving endpoints, and listed by what they are for", async () => {
    const workspace = connect();
    const { choices } = await workspace
      .lm("claude", { cache: false })
      .complete({ messages: [{ role: "user", content: "hi" }] });
    expect(choices[0]!.text).toBe("claude heard hi");
    const [vector] = await workspace.embedder("gte").embed(["rough engine"]);
    expect([...vector!]).toEqual([...Float32Array.from(embed("rough engine"))]);
    expect(await workspace.complete("davinci", "Once upon")).toBe("Once upon…");
    const models = await workspace.models();
    expect(models.of("chat").map(({ name }) => name)).toEqual(["claude"]);
    expect(models.of("embedding").map(({ name }) => name)).toEqual(["gte"]);
    expect(models.get("claude").baseURL).toBe(`${standIn.host}/serving-endpoints`);
  });

  test("a service principal logs in by OAuth, once for many calls, and again before its token ends", async () => {
    await standIn.close();
    standIn = await startWorkspace({ client: { id: "app", secret: "s3cret-of-app" }, token: "none" });
    vi.useFakeTimers({ toFake: ["performance"] });
    const workspace = databricks({ host: standIn.host, clientId: "app", clientSecret: "s3cret-of-app" });
    const model = workspace.lm("claude", { cache: false });
    const ask = () => model.complete({ messages: [{ role: "user", content: "hi" }] });
    await Promise.all([ask(), ask(), workspace.models()]);
    expect(standIn.logins).toBe(1);
    vi.advanceTimersByTime(3400_000);
    await ask();
    expect(standIn.logins).toBe(1);
    vi.advanceTimersByTime(100_000);
    await ask();
    expect(standIn.logins).toBe(2);
    const wrong = databricks({ host: standIn.host, clientId: "app", clientSecret: "another-secret" });
    const failure = await wrong.models().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).not.toContain("another-secret");
  });

  test("a registry's models ask with the workspace's login, which stays out of files and of other hosts", async () => {
    await standIn.close();
    standIn = await startWorkspace({ client: { id: "app", secret: "s3cret-of-app" }, token: "none" });
    const other = await startEndpoint({ reply: () => "elsewhere" });
    try {
      vi.useFakeTimers({ toFake: ["performance"] });
      const workspace = databricks({ host: standIn.host, clientId: "app", clientSecret: "s3cret-of-app" });
      const models = new ModelRegistry([{ name: "own" }]).with(await workspace.models());
      const ask = async (options?: LMOptions) => {
        const { choices } = await models
          .lm("claude", { cache: false, ...options })
          .complete({ messages: [{ role: "user", content: "hi" }] });
        return choices[0]!.text;
      };
      expect(await ask()).toBe("claude heard hi");
      vi.advanceTimersByTime(3500_000);
      expect(await ask()).toBe("claude heard hi");
      expect(standIn.logins).toBe(2);
      expect(JSON.stringify([...models])).not.toMatch(/oauth-|s3cret/);
      expect(await ask({ baseURL: other.baseURL, apiKey: "none" })).toBe("elsewhere");
      expect(JSON.stringify(other.calls)).not.toContain("oauth-");
    } finally {
      await other.close();
    }
  });

  test("no login, no host, and a token in the open are refused; a wrong token is not shown", async () => {
    expect(() => databricks()).toThrow(/DATABRICKS_HOST/);
    expect(() => databricks({ host: "x.cloud.databricks.com" })).toThrow(/DATABRICKS_TOKEN/);
    expect(() => databricks({ host: "http://x.cloud.databricks.com", token: "t" })).toThrow(/https/);
    const failure = await databricks({ host: standIn.host, token: "dapi-wrong-token" })
      .models()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).not.toContain("dapi-wrong-token");
  });

  test("outages and limits are waited for; what would be there twice is not asked for twice", async () => {
    const workspace = connect();
    standIn.failNext(503, 429);
    expect((await workspace.models()).has("claude")).toBe(true);
    standIn.failNext(503);
    await expect(workspace.serving.create("p", { model: "a.b.c", version: 1 })).rejects.toThrow(/503/);
  });
});

describe("a judge of a workspace", () => {
  const scoring = {
    signature: "text -> rationale, score: float",
    range: [1, 5],
    direction: "higher",
  } as const;

  test("scores with the login of the moment, which is in neither its identity nor its view", async () => {
    await standIn.close();
    standIn = await startWorkspace({ client: { id: "app", secret: "s3cret-of-app" }, token: "none" });
    vi.useFakeTimers({ toFake: ["performance"] });
    const workspace = databricks({ host: standIn.host, clientId: "app", clientSecret: "s3cret-of-app" });
    const judge = workspace.judge("judge", scoring);
    expect(await judge.call({ text: "yes, because" })).toEqual({ score: 5, rationale: "read: yes, because" });
    vi.advanceTimersByTime(3500_000);
    const metric = judged(judge);
    expect(readScore(await metric({}, { text: "yes" }, { trace: [] })).score).toBe(0.25);
    expect(standIn.logins).toBe(2);
    expect(standIn.calls.at(-1)!.path).toBe("/serving-endpoints/judge/invocations");
    const shown = [
      inspect(judge, { depth: 9 }),
      JSON.stringify(judge),
      JSON.stringify(metricIdentity(metric)),
    ];
    for (const text of shown) expect(text).not.toMatch(/oauth-|s3cret/);
    expect(shown.at(-1)).toContain(`${standIn.host}/serving-endpoints/judge`);
  });

  test("waits as the workspace is told to, and a name leads to no other path", async () => {
    standIn.failNext(503, 429);
    expect(await connect().judge("judge", scoring).call({ text: "x" })).toMatchObject({ score: 2 });
    await connect()
      .judge("../api/2.0/x", scoring)
      .call({ text: "x" })
      .catch(() => undefined);
    expect(standIn.calls.at(-1)!.path).toMatch(/^\/serving-endpoints\/[^/]*\/invocations$/);
  });
});

describe("vector search", () => {
  const columns = { fields: ["part"] };

  async function direct(fields: VectorColumns["fields"] = columns.fields) {
    const workspace = connect();
    await workspace.createVectorEndpoint("vs");
    await workspace.createVectorEndpoint("vs");
    const index = workspace.index("main.fleet.log", { columns: { fields }, embedder });
    expect(await index.status()).toBeUndefined();
    await index.create("vs", { dimension: 8 });
    return index;
  }

  test("rows put in are found by meaning, by words and by both, best first", async () => {
    const index = await direct();
    await index.put(
      [
        { id: "1", text: "engine runs rough", fields: { part: "engine" } },
        { id: "2", text: "tire worn", fields: { part: "wheel" } },
      ],
      { groups: ["mechanics"] },
    );
    expect(await index.status()).toMatchObject({ ready: true, rows: 2 });
    for (const mode of ["vector", "text", "hybrid"] as const) {
      const found = await index.search("rough engine", { mode, principal: ana });
      expect(found.map(({ id }) => id)).toEqual(["1", "2"]);
      expect(found[0]).toMatchObject({ text: "engine runs rough", fields: { part: "engine" }, source: {} });
    }
    const [nearest] = await index.search("engine runs rough", { mode: "vector", principal: ana, k: 1 });
    expect(nearest!.similarity).toBeCloseTo(1, 6);
    await index.delete(["1"]);
    expect((await index.search("rough engine", { principal: ana })).map(({ id }) => id)).toEqual(["2"]);
  });

  test("has the vector of a query made on behalf of who searches", async () => {
    const index = await direct();
    const embedding = vi.spyOn(embedder, "embed");
    const asked: (string | undefined)[] = [];
    embedding.mockImplementation(async (texts) => {
      asked.push(callSettings().principal?.id);
      return texts.map((text) => Float32Array.from(embed(text)));
    });
    await index.search("engine", { principal: bob });
    await index.search("engine", { principal: ana });
    embedding.mockRestore();
    expect(asked).toEqual(["bob", "ana"]);
  });

  test("shows nobody what is not theirs, even where the filter were ignored", async () => {
    const index = await direct();
    await index.put([{ id: "m", text: "engine" }], { groups: ["mechanics"] });
    await index.put([{ id: "p", text: "engine" }], { groups: ["pilots", "mechanics"] });
    expect((await index.search("engine", { principal: bob })).map(({ id }) => id)).toEqual(["p"]);
    expect(await index.search("engine", { principal: { id: "nobody", groups: [] } })).toEqual([]);
    await expect(index.search("engine")).rejects.toThrow(/principal/);
    await expect(index.search("engine", { principal: bob, filter: { groups: "mechanics" } })).rejects.toThrow(
      /alone/,
    );
    await expect(index.put([{ id: "x", text: "y" }])).rejects.toThrow(/group/);
    standIn.leak();
    expect((await index.search("engine", { principal: bob })).map(({ id }) => id)).toEqual(["p"]);
  });

  test("filters are data: values, choices and bounds, and no name that holds an operator", async () => {
    const index = await direct({ part: "long" });
    const rows = [1, 2, 3].map((part) => ({ id: String(part), text: "x", fields: { part } }));
    await index.put(rows, { groups: ["mechanics"] });
    const ids = async (filter: Parameters<typeof index.search>[1] & object) =>
      (await index.search("x", { principal: ana, ...filter })).map(({ id }) => id).sort();
    expect(await ids({ filter: { part: 2 } })).toEqual(["2"]);
    expect(await ids({ filter: { part: { in: [1, 3] } } })).toEqual(["1", "3"]);
    expect(await ids({ filter: { part: { not: 2 } } })).toEqual(["1", "3"]);
    expect(await ids({ filter: { part: { min: 2, max: 3 } } })).toEqual(["2", "3"]);
    for (const filter of [{ "part NOT": 1 }, { part: null }, { "part OR groups": "x" }])
      await expect(index.search("x", { principal: ana, filter })).rejects.toThrow(ConfigurationError);
  });

  test("fields are declared by their types; a value that is not of its type is refused with what to do", async () => {
    const fields = { part: "string", hours: "double", year: "long", open: "boolean" } as const;
    const index = await direct(fields);
    const { body } = standIn.calls.findLast(({ path }) => path.endsWith("/indexes"))!;
    expect(JSON.parse(body.direct_access_index_spec.schema_json)).toEqual({
      id: "string",
      text: "string",
      ...fields,
      groups: "array<string>",
      vector: "array<float>",
    });
    const rows = [9, 10, 110].map((hours) => ({ id: `${hours}`, text: "x", fields: { hours, open: true } }));
    await index.put(rows, { groups: ["mechanics"] });
    const found = await index.search("x", { principal: ana, filter: { hours: { min: 10 } } });
    expect(found.map(({ id }) => id).sort()).toEqual(["10", "110"]);
    const put = (held: Record<string, string | number>, into = index) =>
      into.put([{ id: "d", text: "x", fields: held }], { groups: ["mechanics"] });
    await expect(put({ year: 1.5 })).rejects.toThrow(DataError);
    await expect(put({ hours: "9" })).rejects.toThrow(/"d" has "9" there, where the index declares double/);
    const names = connect().index("main.fleet.log", { columns, embedder });
    await expect(put({ part: 7 }, names)).rejects.toThrow(/declares string.*{ part: "long" }/);
    expect(() => connect().index("a.b.c", { columns: { fields: { part: "int" as never } } })).toThrow(
      /invalid type of the field "part": "int", expected string, integer/,
    );
  });

  test("an index over a Delta table follows it by sync, and takes no rows", async () => {
    const workspace = connect();
    standIn.tables.set("main.fleet.notes", [{ id: "a", text: "oil leak" }]);
    await workspace.createVectorEndpoint("vs");
    const index = workspace.index("main.fleet.notes_index", { columns: { groups: false } });
    await index.create("vs", { table: "main.fleet.notes", embeddingEndpoint: "gte" });
    expect(await index.search("oil")).toEqual([]);
    await index.sync();
    expect((await index.search("oil")).map(({ id }) => id)).toEqual(["a"]);
    standIn.tables.get("main.fleet.notes")!.push({ id: "b", text: "oil on strut" });
    await index.sync();
    expect((await index.search("oil", { mode: "vector" })).map(({ id }) => id).sort()).toEqual(["a", "b"]);
    await expect(index.put([{ id: "c", text: "x" }])).rejects.toThrow(/embedder/);
    await expect(index.create("vs", { table: "main.fleet.notes", embeddingEndpoint: "gte" })).rejects.toThrow(
      RefusedError,
    );
  });

  test("rows that were not taken are named", async () => {
    const workspace = connect();
    await workspace.createVectorEndpoint("vs");
    const index = workspace.index("main.fleet.log", { columns: { groups: false }, embedder });
    await index.create("vs", { dimension: 9 });
    await expect(index.put([{ id: "short", text: "x" }])).rejects.toThrow(/short/);
    await expect(index.put([{ id: "short", text: "x" }])).rejects.toThrow(ModelError);
    expect(() => workspace.index("log")).toThrow(/catalog.schema.index/);
  });
});

describe("serving, registry, tracking", () => {
  test("an endpoint is made, asked and updated; an update in progress is told", async () => {
    const { serving } = connect();
    expect(await serving.create("triage", { model: "main.ml.triage", version: 1 })).toMatchObject({
      ready: false,
      updating: true,
    });
    await expect(serving.update("triage", { model: "main.ml.triage", version: 2 })).rejects.toThrow(
      /in progress/,
    );
    await serving.get("triage");
    expect(await serving.get("triage")).toMatchObject({ ready: true, updating: false });
    expect(await serving.update("triage", { model: "main.ml.triage", version: 2 })).toMatchObject({
      name: "triage",
    });
    expect(await serving.query("triage", [{ question: "a" }, { question: "b" }])).toEqual([
      { answer: "a" },
      { answer: "b" },
    ]);
    expect(await serving.get("none")).toBeUndefined();
    const { body } = standIn.calls.find(({ method }) => method === "PUT")!;
    expect(body).toEqual({
      served_entities: [
        {
          entity_name: "main.ml.triage",
          entity_version: "2",
          workload_size: "Small",
          scale_to_zero_enabled: true,
        },
      ],
    });
  });

  test("aliases of Unity Catalog name versions", async () => {
    const { catalog } = connect();
    await catalog.create("main.ml.triage");
    expect((await catalog.versions("main.ml.triage")).map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(await catalog.byAlias("main.ml.triage", "champion")).toBeUndefined();
    await catalog.setAlias("main.ml.triage", "champion", 2);
    expect(await catalog.byAlias("main.ml.triage", "champion")).toMatchObject({ version: 2 });
    await catalog.deleteAlias("main.ml.triage", "champion");
    expect(await catalog.byAlias("main.ml.triage", "champion")).toBeUndefined();
    await expect(catalog.versions("triage")).rejects.toThrow(/catalog.schema.model/);
  });

  test("tracking goes to the workspace's MLflow", async () => {
    const stop = await connect().track();
    expect(process.env.MLFLOW_TRACKING_URI).toBe(standIn.host);
    expect(process.env.MLFLOW_TRACKING_TOKEN).toBe("dapi-static");
    stop();
  });

  test("a renewal of the token that fails is tried again", async () => {
    await standIn.close();
    const client = { id: "app", secret: "s3cret-of-app" };
    standIn = await startWorkspace({ client, token: "none" });
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    const workspace = databricks({ host: standIn.host, clientId: client.id, clientSecret: client.secret });
    const stop = await workspace.track();
    expect(process.env.MLFLOW_TRACKING_TOKEN).toBe("oauth-1");
    standIn.refuseLogins(1);
    vi.advanceTimersByTime(3481_000);
    for (let round = 0; round < 20_000 && process.env.MLFLOW_TRACKING_TOKEN === "oauth-1"; round++) {
      vi.advanceTimersByTime(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(process.env.MLFLOW_TRACKING_TOKEN).toBe("oauth-2");
    stop();
  });

  test("an address of `databricks` is the workspace of the environment", () => {
    process.env.DATABRICKS_HOST = "x.cloud.databricks.com";
    process.env.DATABRICKS_TOKEN = "dapi-of-environment";
    expect(serverAddress("databricks")).toEqual({
      uri: "https://x.cloud.databricks.com",
      authorization: "Bearer dapi-of-environment",
    });
    delete process.env.DATABRICKS_HOST;
    expect(() => serverAddress("databricks")).toThrow(ConfigurationError);
  });
});

describe("SQL", () => {
  test("the source table has its change feed on; names are quoted", () => {
    const sql = deltaSourceTable("main.fleet.no`tes");
    expect(sql).toContain("CREATE TABLE IF NOT EXISTS `main`.`fleet`.`no``tes`");
    expect(sql).toContain("`id` STRING NOT NULL PRIMARY KEY");
    expect(sql).toContain("delta.enableChangeDataFeed = true");
    expect(() => deltaSourceTable("a.b.c", { text: "STRING); DROP TABLE x" })).toThrow(ConfigurationError);
  });

  test("ai_query names the inputs, and keeps an error with its row", () => {
    const program = new Predict("text, country -> label: Literal['a', 'b'], score: float");
    const sql = aiQuery(program, "tri'age", { from: "main.x.in", into: "main.x.out" });
    expect(sql).toContain("CREATE OR REPLACE TABLE `main`.`x`.`out` AS");
    expect(sql).toContain("ai_query('tri\\'age', named_struct('text', t.`text`, 'country', t.`country`)");
    expect(sql).toContain("returnType => 'STRUCT<`label`: STRING, `score`: DOUBLE>', failOnError => false");
    expect(sql).toContain("answer.errorMessage AS `error`");
  });

  test("columns of the table and of the answer are kept apart, or refused by name", () => {
    const sql = aiQuery(new Predict("answer -> label"), "e", { from: "m.x.in" });
    // The whole row is one struct beside the answer, so that a column `answer` of the table stays.
    expect(sql).toContain("SELECT struct(t.*) AS source, ai_query('e', named_struct('answer', t.`answer`)");
    expect(sql).toContain(
      "SELECT source.*, answer.result.`label` AS `label`, answer.errorMessage AS `error`",
    );
    expect(sql).not.toContain("EXCEPT");
    // Spark refuses a name that means two columns, whichever the table has.
    expect(sql).toMatch(/^SELECT \* FROM \([^]*\)\nWHERE struct\(`label`, `error`\) IS NOT NULL/);
    const clashing = new Predict("text, error -> label");
    expect(() => aiQuery(clashing, "e", { from: "m.x.in" })).toThrow(
      /"error" would be there twice.*input.*prefix/,
    );
    expect(() => aiQuery(new Predict("text -> Error"), "e", { from: "m.x.in" })).toThrow(
      /"error" would be there twice/,
    );
    const apart = aiQuery(clashing, "e", { from: "m.x.in", prefix: "model_" });
    expect(apart).toContain("AS `model_label`, answer.errorMessage AS `model_error`");
  });
});
