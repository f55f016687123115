import { setExperiment, withExperiment } from "./experiment.ts";
import type { Logged } from "./logged.ts";
import { log, run } from "./run.ts";
import { getRun, readArtifact, readMetric, readTable, searchRuns } from "./stored-run.ts";
import { sync } from "./sync.ts";

/** Address of a run's page, by what logging gave or by the run's id; undefined while it waits in the spool. */
async function url(of: Pick<Logged, "url"> | string): Promise<string | undefined> {
  return typeof of === "string" ? (await getRun(of)).url : of.url;
}

/**
 * Tracking with MLflow. The server is the one of `MLFLOW_TRACKING_URI`, else the project's local one, which is
 * started where it does not run. Keys, tokens and credentials are taken out of all that is logged.
 */
export const mlflow = {
  log,
  run,
  url,
  sync,
  setExperiment,
  withExperiment,
  get: getRun,
  search: searchRuns,
  readMetric,
  readTable,
  readArtifact,
};
