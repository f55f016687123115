export { CircuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";
export { type Displayable, display, escapeHtml, type MimeBundle, safeLink, scriptJson } from "./display.ts";
export { ContextVariable } from "./context.ts";
export {
  ConfigurationError,
  DataError,
  type DataPlace,
  describeError,
  errorText,
  isOutage,
  isUnreadable,
  LmframeError,
  ModelError,
  nearest,
  ParseError,
  RateLimitError,
  RefusedError,
  TooLongError,
  TrackingError,
  UnreachableError,
} from "./errors.ts";
export {
  currentSpan,
  type Listener,
  listen,
  record,
  type Span,
  type SpanKind,
  traced,
  tracedStream,
} from "./events.ts";
export { mapOrdered, type MapOptions, orderWindow } from "./concurrency.ts";
export { inverse, solve } from "./linear-system.ts";
export { readLines } from "./lines.ts";
export { type LiveOptions, showLive } from "./live.ts";
export {
  defaultProgress,
  type Progress,
  type ProgressState,
  secondsLeft,
  showProgress,
  startProgress,
} from "./progress.ts";
export { type Figure, figureBundle, type FigureOptions } from "./figure.ts";
export { terminalProgress } from "./progress-terminal.ts";
export { onUse } from "./on-use.ts";
export { random, type Random } from "./random.ts";
export { Semaphore } from "./semaphore.ts";
export { type Setting, setting } from "./setting.ts";
export type { DatasetRecord, MetricPoint, RunRecord, Trackable } from "./run-record.ts";
export { keepSecret, redact, redactor, type Redactor } from "./redact.ts";
export { isThenable } from "./thenable.ts";
