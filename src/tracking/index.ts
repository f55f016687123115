export {
  type ArtifactEntry,
  type Batch,
  type DatasetInput,
  type KeyValue,
  type MetricEntry,
  MlflowClient,
  type MlflowClientOptions,
  ServerAwayError,
  type ServerRun,
} from "./client.ts";
export { setExperiment, withExperiment } from "./experiment.ts";
export type { Logged } from "./logged.ts";
export { mlflow } from "./mlflow.ts";
export { type ActiveRun, log, type LoggedRun, type LogOptions, run, type RunOptions } from "./run.ts";
export type { SearchOptions, StoredRun } from "./stored-run.ts";
export { sync, type SyncResult } from "./sync.ts";
export { startTracing, type Tracing, type TracingOptions } from "./traces.ts";
