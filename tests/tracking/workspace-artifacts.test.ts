import { describe, expect, test } from "vitest";
import { Predict } from "../../src/modules/index.ts";
import { mlflow, MlflowClient } from "../../src/tracking/index.ts";
import { workspaceMlflow } from "./workspace-mlflow.ts";

const standIn = workspaceMlflow();
const connect = () => new MlflowClient({ uri: standIn.current.host });

async function startedRun() {
  const client = connect();
  const experimentId = await client.experiment("/Users/ana/triage");
  const { info } = await client.createRun({ experimentId, name: "first", startedAt: 1, tags: {} });
  return { client, runId: info.run_id, root: info.artifact_uri };
}

describe("artifacts of a run on a workspace", () => {
  test.each(["AWS_PRESIGNED_URL", "GCP_SIGNED_URL", "AZURE_SAS_URI", "AZURE_ADLS_GEN2_SAS_URI"])(
    "are written to and read from addresses of kind %s",
    async (kind) => {
      standIn.current.state.kind = kind;
      const { client, root, runId } = await startedRun();
      const path = "tables/a b+ü.json";
      await client.putArtifact(root, path, "first");
      await client.putArtifact(root, path, "grün");
      await client.putArtifact(root, "tables/bytes", new Uint8Array([0, 255]));
      await client.putArtifact(root, "empty.txt", "");
      expect(Buffer.from((await client.getArtifact(root, path))!).toString()).toBe("grün");
      expect(await client.getArtifact(root, "tables/bytes")).toEqual(new Uint8Array([0, 255]));
      expect((await client.getArtifact(root, "empty.txt"))!.byteLength).toBe(0);
      expect(await client.getArtifact(root, "none.txt")).toBeUndefined();
      expect((await client.listArtifacts(runId)).map((entry) => entry.path)).toEqual(["tables", "empty.txt"]);
      await client.putArtifact(root, "third", "3");
      expect(await client.listArtifacts(runId)).toHaveLength(3);
    },
  );

  test("a whole run arrives with what it logs", async () => {
    const { runId, spooled } = await mlflow.run("sorted", (run) => {
      run.table("rows", [{ text: "lost bag", label: "baggage" }]);
      run.artifact("notes/why.md", "because");
    });
    expect(spooled).toBe(false);
    expect(Buffer.from(await mlflow.readArtifact(runId!, "notes/why.md")).toString()).toBe("because");
    expect(await mlflow.readTable(runId!, "rows")).toEqual([{ text: "lost bag", label: "baggage" }]);
    await expect(mlflow.readArtifact(runId!, "none")).rejects.toThrow(/no artifact "none"/);
  });

  test("storage that is busy is asked again; one that refuses is told of, its address not", async () => {
    const { client, root } = await startedRun();
    standIn.current.state.failStorage = [503];
    await client.putArtifact(root, "a", "1");
    expect(standIn.current.stored.size).toBe(1);
    standIn.current.state.failStorage = [403];
    const refused = await client.putArtifact(root, "a", "2").catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({
      status: 403,
      message: expect.stringMatching(/storage answered 403 SlowDown$/),
    });
    expect(`${String(refused)} ${JSON.stringify(refused)}`).not.toContain("s3cret");
    standIn.current.state.kind = "MOON_URI";
    await expect(client.putArtifact(root, "a", "3")).rejects.toThrow(
      /storage of an unknown kind, "MOON_URI"/,
    );
  });

  test("runs that there are not, other locations and other tokens are errors", async () => {
    const { client, root } = await startedRun();
    await expect(client.putArtifact(root.replace(/run\d+/, "gone"), "a", "1")).rejects.toThrow(/404.*no run/);
    await expect(client.putArtifact("dbfs:/Volumes/main/ml/files", "a", "1")).rejects.toThrow(
      /does not pass artifacts on \(its runs keep them at dbfs:\)/,
    );
    const stranger = new MlflowClient({ uri: standIn.current.host, token: "dapi-other" });
    await expect(stranger.putArtifact(root, "a", "1")).rejects.toThrow(/401/);
    expect(standIn.current.stored.size).toBe(0);
  });
});

interface Credentials {
  credential_infos: { signed_uri: string; headers: { name: string; value: string }[] }[];
}

test("the stand-in refuses what a workspace and its storage refuse", async () => {
  const { runId } = await startedRun();
  const ask = async (headers: Record<string, string>, method = "POST", members: object = { path: ["a"] }) => {
    const response = await fetch(`${standIn.current.host}/api/2.0/mlflow/artifacts/credentials-for-write`, {
      method,
      headers,
      ...(method === "POST" && { body: JSON.stringify({ run_id: runId, ...members }) }),
    });
    return [response.status, (await response.json()) as Credentials] as const;
  };
  const authorization = `Bearer ${process.env.MLFLOW_TRACKING_TOKEN}`;
  expect((await ask({}))[0]).toBe(401);
  expect((await ask({ authorization }, "GET"))[0]).toBe(404);
  expect((await ask({ authorization }, "POST", { paths: ["a"] }))[0]).toBe(400);
  const [, answer] = await ask({ authorization });
  const { signed_uri, headers } = answer.credential_infos[0]!;
  const signed = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
  const put = async (address: string, sent: Record<string, string>, method = "PUT") =>
    (await fetch(address, { method, headers: sent, ...(method === "PUT" && { body: Buffer.from("1") }) }))
      .status;
  expect(await put(signed_uri, { ...signed, authorization })).toBe(400);
  expect(await put(signed_uri, {})).toBe(403);
  expect(await put(signed_uri, { ...signed, "content-type": "text/plain" })).toBe(403);
  expect(await put(signed_uri.replace("/bucket/", "/bucket/x"), signed)).toBe(403);
  expect(await put(signed_uri, signed, "GET")).toBe(403);
  expect(standIn.current.stored.size).toBe(0);
  expect(await put(signed_uri, signed)).toBe(200);
});

describe("models on a workspace", () => {
  const program = () => new Predict("message -> urgent: bool");

  test("are logged with all their files", async () => {
    const { modelId } = await mlflow.logModel(program());
    expect(standIn.current.loggedModels.get(modelId).info.status).toBe("LOGGED_MODEL_READY");
    const { stored } = standIn.current;
    const files = [...stored.keys()].map((key) => key.replace(`${modelId}/`, ""));
    expect(files).toEqual(
      expect.arrayContaining(["MLmodel", "requirements.txt", "data/program.json", "data/worker.mjs"]),
    );
    expect(stored.get(`${modelId}/requirements.txt`)!.toString()).toMatch(/^mlflow==\d+\.\d+\.\d+$/m);
  }, 60_000);

  test("a model whose files cannot be written is marked as failed", async () => {
    standIn.current.state.kind = "MOON_URI";
    await expect(mlflow.logModel(program())).rejects.toThrow(/unknown kind/);
    expect([...standIn.current.loggedModels.values()].map(({ info }) => info.status)).toEqual([
      "LOGGED_MODEL_UPLOAD_FAILED",
    ]);
  }, 60_000);
});
