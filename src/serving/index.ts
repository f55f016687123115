export {
  type Alert,
  type AlertRule,
  type AlertSink,
  drifted,
  logAlert,
  scoreBelow,
  slowerThan,
  successBelow,
  type Watched,
  webhook,
} from "./alerts.ts";
export { type Feedback, FeedbackLog } from "./feedback-log.ts";
export {
  answerMetric,
  type Duel,
  type ImprovementState,
  type RegistryPlace,
  type Round,
  type RoundOutcome,
  type RowOf,
  type SelfImprovingOptions,
  SelfImprovingPipeline,
} from "./improvement/index.ts";
export { type HistoryOptions, keepHistory } from "./performance-history.ts";
export {
  PerformanceMonitor,
  type PerformanceMonitorOptions,
  type PerformanceWindow,
} from "./performance-monitor.ts";
export type { PerformanceFigures } from "./performance-tally.ts";
export {
  type Fallback,
  type FallbackReason,
  type RobustCounts,
  RobustPipeline,
  type RobustPipelineOptions,
  UnansweredError,
} from "./robust-pipeline.ts";
export { serve, type ServedProgram, type ServeLimits, type ServeOptions } from "./serve.ts";
export { type TokenGrant, type TokenRecord, TokenStore } from "./tokens.ts";
