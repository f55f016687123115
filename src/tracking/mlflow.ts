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
  /** Logs a result as a finished run: an evaluation, an optimisation, or a record made by hand. */
  log,
  /** Does work as a run of its own, which ends as the body ends. */
  run,
  /** Address of a run's page. */
  url,
  /** Sends what waits on disk since the server was away. */
  sync,
  /** Sets the experiment of this process. */
  setExperiment,
  /** Runs a body with another experiment in force. */
  withExperiment,
  /** Reads a run by its id. */
  get: getRun,
  /** The runs of an experiment, newest first. */
  search: searchRuns,
  /** The points of one metric of a run. */
  readMetric,
  /** Reads a table of a run as rows. */
  readTable,
  /** Reads a file of a run. */
  readArtifact,
};
