export {
  type ConfidentAnswer,
  expectedCalibrationError,
  reliability,
  type ReliabilityBin,
} from "./calibration.ts";
export { type ClassFigures, ConfusionMatrix, noAnswer } from "./classification.ts";
export { exactMatch, sameText } from "./exact.ts";
export { f1Score, hotpotF1Score, precisionScore, tokenF1 } from "./f1.ts";
export type { FieldMetric } from "./field-metric.ts";
export { type Metric, type MetricContext, readScore, type Score } from "./metric.ts";
export {
  closeness,
  meanAbsoluteError,
  meanSquaredError,
  normalizedSquaredError,
  type Scale,
} from "./numeric.ts";
export { passageMatch, passagesHold } from "./passage.ts";
export { normalizeText } from "./text.ts";
