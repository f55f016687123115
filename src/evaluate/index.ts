export {
  Agreement,
  agreement,
  type AgreementFigures,
  agreementOf,
  type AgreementOptions,
} from "./agreement.ts";
export { type Comparison, type Difference, type Flips, pairedInterval } from "./comparison.ts";
export { confidentAnswers } from "./confidence.ts";
export { type Disagreement, type DisagreementOptions, disagreements } from "./disagreements.ts";
export { datasetRecord, evaluate, type EvaluateOptions } from "./evaluate.ts";
export { evaluateWhole } from "./evaluate-whole.ts";
export { type Estimate, Evaluation, type EvaluationSubject, type Slice } from "./evaluation.ts";
export {
  bootstrap,
  type Interval,
  mean,
  meanInterval,
  pairedProbability,
  quantile,
  unpairedProbability,
  wilson,
} from "./interval.ts";
export {
  labelsOf,
  type PredictorTrace,
  type PredictorUse,
  predictorPaths,
  rollout,
  type Rollout,
  type RolloutStatus,
} from "./rollout.ts";
export { type JudgeLevel, JudgeMeasures } from "./judge-measures.ts";
export { measureJudge, type MeasureJudgeOptions } from "./measure-judge.ts";
export { type RowResult, RowResults } from "./row-results.ts";
export { type ShownTable, showTable } from "./show-table.ts";
