import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { Predict } from "../../src/modules/index.ts";
import { pythonPath } from "../../src/services/index.ts";
import { mlflow } from "../../src/tracking/index.ts";
import { workspaceMlflow } from "./workspace-mlflow.ts";

const standIn = workspaceMlflow();

const client = `import json, os, sys, tempfile
import mlflow
from mlflow.store.artifact.databricks_artifact_repo import DatabricksArtifactRepository

run_id, model_id, name = sys.argv[1:]
mlflow.set_tracking_uri("databricks")
mlflow.set_registry_uri("databricks-uc")
client = mlflow.MlflowClient()
artifacts = DatabricksArtifactRepository(client.get_run(run_id).info.artifact_uri)
with open(artifacts.download_artifacts("notes/why.md")) as file:
    read = file.read()
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "more.txt"), "w") as file:
        file.write("of Python")
    artifacts.log_artifact(os.path.join(folder, "more.txt"), "notes")
first = client.get_model_version_by_alias(name, "champion")
second = mlflow.register_model("models:/" + model_id, name)
client.set_registered_model_alias(name, "champion", second.version)
print(json.dumps([read, first.version, first.status, first.model_id, second.version, second.status]))
`;

test(
  "MLflow's own client speaks to the stand-in, reads what lmframe wrote, and is read",
  { timeout: 240_000 },
  async () => {
    standIn.current.state.upload = "signed";
    const name = "main.ml.triage";
    const { runId } = await mlflow.run("sorted", (run) => run.artifact("notes/why.md", "because"));
    const { modelId } = await mlflow.logModel(new Predict("message -> urgent: bool"), {
      registeredName: name,
      aliases: ["champion"],
    });
    const { MLFLOW_TRACKING_URI: _, MLFLOW_TRACKING_TOKEN, ...env } = process.env;
    const { stdout } = await promisify(execFile)(pythonPath(), ["-c", client, runId!, modelId, name], {
      env: { ...env, DATABRICKS_TOKEN: MLFLOW_TRACKING_TOKEN, MLFLOW_DISABLE_TELEMETRY: "true" },
    });
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toEqual([
      ...["because", "1", "READY", modelId],
      ...["2", "READY"],
    ]);
    expect(Buffer.from(await mlflow.readArtifact(runId!, "notes/more.txt")).toString()).toBe("of Python");
    expect(await mlflow.registry.version(name, "champion")).toMatchObject({ version: "2", modelId });
    const files = (version: number) => {
      const folder = `/Models/main/ml/triage/${version}/`;
      const found = [...standIn.current.stored].filter(([key]) => key.startsWith(folder));
      return new Map(found.map(([key, content]) => [key.slice(folder.length), content.toString()]));
    };
    expect([...files(1).keys()]).toEqual(expect.arrayContaining(["MLmodel", "data/program.json"]));
    for (const [path, content] of files(1)) {
      if (path !== "MLmodel") expect(files(2).get(path), path).toBe(content);
    }
  },
);
