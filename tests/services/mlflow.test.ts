import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { down, ensureMlflow, type MlflowServer, status, up } from "../../src/services/index.ts";
import { filesOf } from "../../src/services/local-service.ts";
import { mlflowService } from "../../src/services/mlflow.ts";
import { isAlive } from "../../src/services/process-identity.ts";
import { readRecord } from "../../src/services/record.ts";
import { ownHome } from "../support/own-home.ts";
import { inSecondProcess } from "../support/second-process.ts";

ownHome();
afterEach(() => vi.unstubAllEnvs());

test("MLFLOW_TRACKING_URI comes first, as it stands", async () => {
  vi.stubEnv("MLFLOW_TRACKING_URI", "databricks");
  expect(await ensureMlflow()).toEqual({ uri: "databricks", owned: false });
  expect(await status()).toContainEqual({ name: "mlflow", source: "environment", address: "databricks" });
});

test("a healthy server is ours only where our own log claims its port", async () => {
  const stranger = createServer((_, response) => response.end("OK"));
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const { port } = stranger.address() as AddressInfo;
  const answers = (log: string) => mlflowService.answers({ pid: process.pid, port, startedAt: 1 }, log);
  expect(await answers("Waiting for application startup.")).toBe(false);
  expect(await answers(`Uvicorn running on http://127.0.0.1:${port} (Press CTRL+C to quit)`)).toBe(true);
  stranger.closeAllConnections();
  await new Promise((resolve) => stranger.close(resolve));
});

test("starts, is found by the next process, keeps its runs over a kill, and is gone after down", async () => {
  await up({ model: false });
  const { uri, owned } = await ensureMlflow();
  expect(owned).toBe(true);
  const create = await fetch(`${uri}/api/2.0/mlflow/experiments/create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "kept" }),
  });
  expect(create.status).toBe(200);
  const found = await inSecondProcess<MlflowServer>(`
    import { ensureMlflow } from "$services/index.ts";
    console.log(JSON.stringify(await ensureMlflow()));`);
  expect(found.uri).toBe(uri);

  const killed = (await readRecord(filesOf("mlflow").record))!;
  process.kill(killed.pid, "SIGKILL");
  const again = await ensureMlflow();
  const kept = await fetch(`${again.uri}/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept`);
  expect(kept.status).toBe(200);

  const record = (await readRecord(filesOf("mlflow").record))!;
  expect(await down()).toEqual(["mlflow"]);
  expect(isAlive(record)).toBe(false);
  await expect(fetch(again.uri)).rejects.toThrow();
  await expect(fetch(uri)).rejects.toThrow();
}, 300_000);
