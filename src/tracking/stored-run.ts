import { TrackingError } from "../core/index.ts";
import type { MlflowClient, ServerRun } from "./client.ts";
import { experimentName } from "./experiment.ts";
import { connectServer } from "./server.ts";

/** A run as it stands on the server. */
export interface StoredRun {
  readonly runId: string;
  readonly name: string;
  readonly status: string;
  /** The latest value of each. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly url: string;
}

/** What to look for among the runs of an experiment. */
export interface RunSearchOptions {
  /** Default: the experiment in force. */
  experiment?: string | undefined;
  /** In MLflow's filter language: `metrics.accuracy > 0.8`. Never put text of users or models into it. */
  filter?: string | undefined;
  /** Default 100. */
  limit?: number | undefined;
}

/** Reads a run. @throws TrackingError where the server knows none of this id. */
export async function getRun(runId: string): Promise<StoredRun> {
  const { client } = await connectServer();
  return stored(await runOnServer(client, runId), client);
}

/** The runs of an experiment, newest first; none where there is no such experiment. */
export async function searchRuns(options: RunSearchOptions = {}): Promise<StoredRun[]> {
  const { client } = await connectServer();
  const experimentId = await client.findExperiment(options.experiment ?? experimentName());
  if (experimentId === undefined) return [];
  const runs = await client.searchRuns([experimentId], options.filter, options.limit);
  return runs.map((run) => stored(run, client));
}

/** The points of one metric of a run. */
export async function readMetric(
  runId: string,
  name: string,
): Promise<{ value: number; step: number; timestamp: number }[]> {
  return (await connectServer()).client.metricHistory(runId, name);
}

/** Reads a run's artifact. @throws TrackingError where the run has none of this path. */
export async function readArtifact(runId: string, path: string): Promise<Uint8Array> {
  const { client } = await connectServer();
  const run = await runOnServer(client, runId);
  const content = await client.getArtifact(run.info.artifact_uri, path);
  if (!content) throw new TrackingError(`the run ${runId} has no artifact "${path}"`, { status: 404 });
  return content;
}

/** Reads a table as rows. @throws TrackingError where the run has none of this name. */
export async function readTable(runId: string, name: string): Promise<Record<string, unknown>[]> {
  const text = Buffer.from(await readArtifact(runId, `${name}.json`)).toString();
  const { columns, data } = JSON.parse(text) as { columns: string[]; data: unknown[][] };
  return data.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
}

/** A run as the server tells of it. @throws TrackingError where it knows none of this id. */
export async function runOnServer(client: MlflowClient, runId: string): Promise<ServerRun> {
  const run = await client.getRun(runId);
  if (!run) throw new TrackingError(`no run "${runId}" on ${client.uri}`, { status: 404 });
  return run;
}

function stored({ info, data }: ServerRun, client: MlflowClient): StoredRun {
  const values = (entries: readonly { key: string; value: string }[] = []) =>
    Object.fromEntries(entries.map(({ key, value }) => [key, value]));
  return {
    runId: info.run_id,
    name: info.run_name ?? "",
    status: info.status,
    metrics: Object.fromEntries((data.metrics ?? []).map(({ key, value }) => [key, Number(value)])),
    params: values(data.params),
    tags: values(data.tags),
    url: client.runUrl(info.experiment_id, info.run_id),
  };
}
