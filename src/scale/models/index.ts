export { type Complexity, ComplexityJudge, judgedComplexity, measuredComplexity } from "./complexity.ts";
export {
  logModelRecord,
  type ModelRecord,
  modelRecord,
  type ModelTrial,
  readModelRecords,
} from "./model-record.ts";
export { type CallSize, type ModelKind, type RegisteredModel, type Speed } from "./registered-model.ts";
export { ModelRegistry } from "./registry.ts";
export {
  type ConsideredModel,
  type ModelChoice,
  ModelSelector,
  type ModelSelectorOptions,
  type ModelTask,
  selectModel,
} from "./select-model.ts";
export { type ServedModelsOptions } from "./served-models.ts";
