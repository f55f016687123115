import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { ensureMlflow } from "../../src/services/index.ts";
import { MlflowClient, setExperiment } from "../../src/tracking/index.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/** A real MLflow server behind a proxy that can fail; a spool and an experiment of its own for each test. */
export interface RealMlflow {
  /** Address of the server itself. */
  readonly uri: string;
  /** What `MLFLOW_TRACKING_URI` names. */
  readonly proxy: FaultProxy;
  /** Past the proxy, for looking at what arrived. */
  readonly client: MlflowClient;
  readonly experiment: string;
  /** Names of the files in the spool. */
  spooled(): string[];
  /** The folder that stands in for the project's. */
  readonly home: string;
}

/** Sets it up for the tests of a file. */
export function realMlflow(): RealMlflow {
  const server = { spooled } as { -readonly [Member in keyof RealMlflow]: RealMlflow[Member] };
  let servicesHome: string | undefined;
  let count = 0;

  function spooled(): string[] {
    try {
      return readdirSync(join(server.home, "spool"));
    } catch {
      return [];
    }
  }

  beforeAll(async () => {
    servicesHome = process.env.LMFRAME_HOME;
    server.uri = (await ensureMlflow()).uri;
    server.client = new MlflowClient({ uri: server.uri });
    server.proxy = await startFaultProxy(server.uri);
  }, 240_000);
  beforeEach(() => {
    server.home = mkdtempSync(join(tmpdir(), "lmframe-tracking-"));
    server.experiment = `tracking ${process.pid} ${Date.now()} ${count++}`;
    process.env.LMFRAME_HOME = server.home;
    process.env.MLFLOW_TRACKING_URI = server.proxy.uri;
    server.proxy.reset();
    setExperiment(server.experiment);
  });
  afterEach(() => {
    process.env.LMFRAME_HOME = servicesHome;
    delete process.env.MLFLOW_TRACKING_URI;
    rmSync(server.home, { recursive: true, force: true });
  });
  afterAll(() => server.proxy.close());
  return server;
}

/** All runs of the experiment, each with everything that was logged of it, in the order of their names. */
export async function everythingOf({ client, experiment }: RealMlflow) {
  const experimentId = await client.findExperiment(experiment);
  if (experimentId === undefined) return [];
  const runs = await client.searchRuns([experimentId]);
  const pictures = await Promise.all(
    runs.map(async ({ info, data, inputs }) => {
      const tags = Object.fromEntries((data.tags ?? []).map(({ key, value }) => [key, value]));
      const parent = runs.find((run) => run.info.run_id === tags["mlflow.parentRunId"])?.info.run_name;
      const files = await allFiles(info.run_id);
      return {
        name: info.run_name,
        status: info.status,
        parent,
        took: (info.end_time ?? 0) - (info.start_time ?? 0),
        params: Object.fromEntries((data.params ?? []).map(({ key, value }) => [key, value])),
        metrics: Object.fromEntries(
          await Promise.all(
            (data.metrics ?? []).map(async ({ key }) => {
              const points = await client.metricHistory(info.run_id, key);
              return [key, points.map(({ value, step }) => [step, value])] as const;
            }),
          ),
        ),
        tags: Object.fromEntries(Object.entries(tags).filter(([name]) => !name.startsWith("mlflow."))),
        tables: tags["mlflow.loggedArtifacts"],
        datasets: (inputs?.dataset_inputs ?? []).map(({ dataset, tags }) => [
          dataset.name,
          dataset.digest,
          tags[0]?.value,
        ]),
        files: Object.fromEntries(
          await Promise.all(
            files.map(async (path) => {
              const content = await client.getArtifact(info.artifact_uri, path);
              return [path, Buffer.from(content!).toString()] as const;
            }),
          ),
        ),
      };
    }),
  );
  return pictures.sort((a, b) => (a.name! < b.name! ? -1 : 1));

  async function allFiles(runId: string, folder = ""): Promise<string[]> {
    const entries = await client.listArtifacts(runId, folder);
    const nested = entries.map(async ({ path, is_dir }) => (is_dir ? allFiles(runId, path) : [path]));
    return (await Promise.all(nested)).flat().sort();
  }
}
