import { describe, expect, test, vi } from "vitest";
import { Predict } from "../../src/modules/index.ts";
import { mlflow, MlflowClient } from "../../src/tracking/index.ts";
import { isWorkspace } from "../../src/tracking/workspace.ts";
import { workspaceMlflow } from "./workspace-mlflow.ts";

const { registry } = mlflow;
const standIn = workspaceMlflow();
const connect = () => new MlflowClient({ uri: standIn.current.host });

describe("the registry of a workspace", () => {
  const name = "main.ml.triage";

  /** A logged model of one file in a folder and its description. */
  async function bareModel() {
    const client = connect();
    const { model } = await client.rest.json<{ model: { info: { model_id: string; artifact_uri: string } } }>(
      {
        doing: "create a model",
        method: "post",
        path: "api/2.0/mlflow/logged-models",
        json: { experiment_id: "1", name: "bare" },
      },
    );
    const { model_id: modelId, artifact_uri: root } = model.info;
    for (const path of ["MLmodel", "data/deep/program.json", "data/b", "data/c"])
      await client.putArtifact(root, path, `${path} of ${modelId}`);
    return { modelId };
  }

  test("keeps three-part names in Unity Catalog: versions, aliases, tags, promotion and rollback", async () => {
    expect(await registry.versions(name)).toEqual([]);
    for (const description of ["as it was", "second", "third"])
      await registry.register(await bareModel(), name, { description, tags: { stage: "draft" } });
    expect(standIn.current.stored.get("/Models/main/ml/triage/2/data/deep/program.json")?.toString()).toMatch(
      /^data\/deep\/program.json of m-/,
    );
    await registry.setAlias(name, "challenger", 2);
    expect((await registry.versions(name)).map((one) => [one.version, one.aliases, one.tags])).toEqual([
      ["3", [], { stage: "draft" }],
      ["2", ["challenger"], { stage: "draft" }],
      ["1", [], { stage: "draft" }],
    ]);
    await registry.promote(name, 1);
    expect(await registry.promote(name)).toMatchObject({ version: "2", aliases: ["champion"] });
    await registry.promote(name, 3);
    expect((await registry.rollback(name)).version).toBe("2");
    expect((await registry.rollback(name)).version).toBe("1");
    await expect(registry.rollback(name)).rejects.toThrow(/never named another version/);
    for (const which of [1, 2]) await registry.setAlias(name, "on-call", which);
    expect(await registry.rollback(name, "on-call")).toMatchObject({ version: "1" });
    await registry.setVersionTag(name, "champion", "score", "0.9");
    expect((await registry.version(name, "champion")).tags).toEqual({ stage: "draft", score: "0.9" });
    await expect(registry.setVersionTag(name, 1, "a.b", "0.9")).rejects.toThrow(/400.*a\.b/);
    await registry.removeAlias(name, "champion");
    await expect(registry.version(name, "champion")).rejects.toThrow(/the alias champion of/);
    await expect(registry.version(name, 9)).rejects.toThrow(/version 9 of/);
    await expect(registry.register(await bareModel(), "other.ml.x")).rejects.toThrow(/no catalog of other/);
    const asked = standIn.current.calls.filter((call) => /registered-models|model-versions/.test(call));
    expect(asked.every((call) => call.includes("/api/2.0/mlflow/unity-catalog/"))).toBe(true);
  });

  test("a model that is logged is registered with copies of all its files", async () => {
    const logged = await mlflow.logModel(new Predict("message -> urgent: bool"), {
      registeredName: "main.ml.triage",
      aliases: ["challenger"],
    });
    const files = (folder: string) =>
      [...standIn.current.stored].flatMap(([key, content]) =>
        key.startsWith(folder) ? [[key.slice(folder.length), content.toString()] as const] : [],
      );
    const own = new Map(files(`${logged.modelId}/`));
    expect([...own.keys()]).toEqual(expect.arrayContaining(["MLmodel", "data/program.json"]));
    expect(new Map(files("/Models/main/ml/triage/1/"))).toEqual(own);
    expect(standIn.current.versions.get("main.ml.triage/1").status).toBe("READY");
    expect(logged.version).toMatchObject({
      name: "main.ml.triage",
      version: "1",
      aliases: ["challenger"],
      modelId: logged.modelId,
      uri: "models:/main.ml.triage/1",
      url: `${standIn.current.host}/explore/data/models/main/ml/triage/version/1`,
    });
  }, 60_000);

  test("writes to addresses that the workspace signs, where it has no Files API for models", async () => {
    standIn.current.state.upload = "signed";
    await registry.register(await bareModel(), name);
    expect(standIn.current.stored.has("/Models/main/ml/triage/1/data/deep/program.json")).toBe(true);
    expect(standIn.current.versions.get(`${name}/1`).status).toBe("READY");
  });

  test("says what to do where files go straight to a cloud, and leaves no version behind", async () => {
    standIn.current.state.upload = "cloud";
    const refused = registry.register(await bareModel(), name);
    await expect(refused).rejects.toThrow(/temporary credentials.*mlflow\.register_model/);
    expect(standIn.current.versions.size).toBe(0);
    const { modelId } = await bareModel();
    await expect(registry.register({ modelId: `${modelId}9` }, name)).rejects.toThrow(/404.*no model/);
  });

  test("is MLflow's own for other names and other servers; prompts are told to stay away", async () => {
    await expect(registry.version("triage", 1)).rejects.toThrow(/404/);
    expect(standIn.current.calls.at(-1)).toBe("GET /api/2.0/mlflow/model-versions/get");
    vi.stubEnv("DATABRICKS_HOST", "https://other.cloud.databricks.com");
    await expect(registry.version(name, 1)).rejects.toThrow(/404/);
    expect(standIn.current.calls.at(-1)).toBe("GET /api/2.0/mlflow/model-versions/get");
    vi.stubEnv("DATABRICKS_HOST", standIn.current.host);
    await expect(mlflow.prompts.register(new Predict("a -> b"), "main.ml.a")).rejects.toThrow(
      /prompts cannot be kept on the Databricks workspace/,
    );
  });
});

test("a workspace is known by its domain, or by DATABRICKS_HOST", () => {
  expect(isWorkspace(standIn.current.host)).toBe(true);
  for (const host of ["x.cloud.databricks.com", "adb-1.2.azuredatabricks.net", "x.gcp.databricks.com"])
    expect(isWorkspace(`https://${host}`)).toBe(true);
  vi.stubEnv("DATABRICKS_HOST", "");
  for (const host of ["http://127.0.0.1:5000", standIn.current.host, "https://databricks.com.example.org"])
    expect(isWorkspace(host)).toBe(false);
});
