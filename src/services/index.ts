export {
  type EmbedderFiles,
  type EmbedderPackage,
  ensureEmbedderFiles,
  miniLM,
  wordllama,
} from "./embedder-files.ts";
export { home, privateFolder } from "./home.ts";
export type { StartOptions } from "./local-service.ts";
export { ensureMlflow, type MlflowServer } from "./mlflow.ts";
export { ensureModel, type ModelEndpoint } from "./model.ts";
export { entries, entryAddress, isOwn, own, packageRoot } from "./own-package.ts";
export { pythonPath } from "./python.ts";
export { down, type ServiceStatus, status, up, type UpOptions } from "./services.ts";
