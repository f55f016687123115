export {
  type ArtifactEntry,
  type Batch,
  type DatasetInput,
  type KeyValue,
  type MetricEntry,
  MlflowClient,
  type ServerRun,
} from "./client.ts";
export { setExperiment, withExperiment } from "./experiment.ts";
export type { Logged } from "./logged.ts";
export { mlflow } from "./mlflow.ts";
export { type MlflowClientOptions, ServerAwayError } from "./rest.ts";
export { type ActiveRun, log, type LoggedRun, type LogOptions, run, type RunOptions } from "./run.ts";
export type { RunSearchOptions, StoredRun } from "./stored-run.ts";
export { sync, type SyncResult } from "./sync.ts";
export { startTracing, type Tracing, type TracingOptions } from "./traces.ts";
export { type Deployment, type DeployOptions } from "./model/deploy.ts";
export type { ModelSource } from "./model/files.ts";
export type { LoggedModel } from "./model/logged-model.ts";
export type { LogModelOptions } from "./model/log-model.ts";
export type { ModelVersion } from "./registry.ts";
export type { Assessment } from "./assess.ts";
export type { LoggedResult, LogResultOptions } from "./log-result.ts";
export type {
  ProgramPrompt,
  PromptCheck,
  PromptEvaluation,
  PromptVersion,
  RegisterPromptsOptions,
} from "./prompts.ts";
export type { Session } from "./session.ts";
