export { abstains, type Abstention, type AbstentionFigures, abstentionFigures } from "./abstention.ts";
export {
  type ConfidentAnswer,
  expectedCalibrationError,
  reliability,
  type ReliabilityBin,
} from "./calibration.ts";
export {
  type CitationFields,
  citationPrecision,
  citationRecall,
  type CitationScores,
  citationScores,
  citedIds,
} from "./citations.ts";
export { type ClassFigures, ConfusionMatrix, noAnswer } from "./classification.ts";
export { pearson, spearman } from "./correlation.ts";
export { exactMatch, sameText } from "./exact.ts";
export { f1Score, hotpotF1Score, precisionScore, tokenF1 } from "./f1.ts";
export type { FieldMetric } from "./field-metric.ts";
export { grounded, type GroundedFields, groundedness, ungroundedWords } from "./groundedness.ts";
export {
  Completeness,
  ContextualJudge,
  type ContextualJudgeOptions,
  type Direction,
  Faithfulness,
  Judge,
  judged,
  type Judgement,
  type JudgementColumns,
  Relevance,
  type ScoringAddress,
  type ScoringOptions,
  SemanticF1,
  type SemanticJudgement,
  ServedJudge,
  type ServedJudgeOptions,
  Toxicity,
} from "./judges/index.ts";
export { cohenKappa, type KappaWeights } from "./kappa.ts";
export { type Metric, type MetricContext, metricIdentity, readScore, type Score } from "./metric.ts";
export {
  closeness,
  meanAbsoluteError,
  meanSquaredError,
  normalizedSquaredError,
  type Scale,
} from "./numeric.ts";
export { passageMatch, passagesHold } from "./passage.ts";
export { ndcg, rankedHit, rankedPrecision, rankedRecall, reciprocalRank } from "./ranking.ts";
export type { RelevantIds } from "./relevant-ids.ts";
export { hitRateAt, mrrAt, ndcgAt, precisionAt, recallAt, type RetrievalFields } from "./retrieval.ts";
export { scaleFeedback, type ScaleFeedbackOptions } from "./scale-feedback.ts";
export { normalizeText } from "./text.ts";
