import { assess, assessEvaluation, traceOf } from "./assess.ts";
import { setExperiment, withExperiment } from "./experiment.ts";
import type { Logged } from "./logged.ts";
import { logResult } from "./log-result.ts";
import { deploy } from "./model/deploy.ts";
import { logModel } from "./model/log-model.ts";
import {
  promote,
  register,
  removeAlias,
  rollback,
  setAlias,
  setVersionTag,
  version,
  versions,
} from "./registry.ts";
import { run } from "./run.ts";
import {
  checkPrompts,
  diffPrompts,
  listPrompts,
  promptVersion,
  promptVersions,
  registerPrompts,
} from "./prompts.ts";
import { withSession } from "./session.ts";
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
  log: logResult,
  /** Logs a program as a model that any tool of MLflow loads. */
  logModel,
  /** Serves a program, or a model that was logged, on loopback. */
  deploy,
  /** Registered models: versions, aliases, tags, promotion and rollback. */
  registry: {
    /** Registers a logged model as the next version of a name. */
    register,
    /** A version, by its number or an alias. */
    version,
    /** The versions of a name, newest first. */
    versions,
    /** Names a version by an alias. */
    setAlias,
    /** Takes an alias away. */
    removeAlias,
    /** Sets a tag of a version. */
    setVersionTag,
    /** Makes a version the champion. */
    promote,
    /** Sets an alias back to the version it named before. */
    rollback,
  },
  /** A program's instructions in MLflow's prompt registry. */
  prompts: {
    /** Registers a program's prompts: a new version of each that changed. */
    register: registerPrompts,
    /** The prompts there are, each in its last version. */
    list: listPrompts,
    /** The versions of a prompt, newest first. */
    versions: promptVersions,
    /** A version of a prompt, by its number or an alias. */
    version: promptVersion,
    /** What changed between two versions. */
    diff: diffPrompts,
    /** Which prompts of a program changed without an evaluation. */
    check: checkPrompts,
  },
  /** Puts a judgement of a person, a metric or a judge on the trace of an answer. */
  assess,
  /** Puts the scores of an evaluation's rows on their traces. */
  assessEvaluation,
  /** The trace of the call that gave an answer. */
  traceOf,
  /** Groups the traces of a conversation. */
  withSession,
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
