export { type Classification, type ClassificationOptions, classify } from "./classification.ts";
export { labelMatch } from "./label-match.ts";
export {
  type Backtest,
  backtest,
  type LogbookColumns,
  type OutlookOptions,
  recurringFaults,
  type RecurringFault,
} from "./maintenance/recurring-faults.ts";
export {
  type Citation,
  type MaintenanceAnswer,
  MaintenanceChatbot,
  type MaintenanceChatbotOptions,
} from "./maintenance/chatbot.ts";
export { entryText, logbookDocuments, type LogbookOptions } from "./maintenance/logbook.ts";
export { aviationShorthand, expandShorthand } from "./maintenance/shorthand.ts";
export {
  type ChatbotMeasures,
  fitAnswerability,
  type LogbookQuestion,
  measureChatbot,
  measureRetrieval,
  type RetrievalMeasure,
  type StageLatency,
  TopEntry,
} from "./maintenance/measure.ts";
export { maintenanceReport, type MaintenanceReportSubject } from "./maintenance/report.ts";
export { relevanceBullets } from "./relevance-bullets.ts";
export {
  type MeasuredJudge,
  type RelevanceMode,
  type RelevanceOptions,
  RelevanceTuning,
  type TunedRelevance,
  tuneRelevance,
} from "./relevance.ts";
