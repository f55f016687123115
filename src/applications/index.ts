export {
  type AssistantAnswer,
  type AssistantSource,
  EnterpriseAssistant,
  type EnterpriseAssistantOptions,
} from "./assistant/assistant.ts";
export type { CheckedPlace, Finding, SecurityCheck } from "./assistant/checks/check.ts";
export { InjectionCheck } from "./assistant/checks/injection.ts";
export {
  type InjectionExample,
  LearntInjectionCheck,
  type LearnInjectionOptions,
} from "./assistant/checks/learnt-injection.ts";
export { PersonalDataCheck } from "./assistant/checks/personal-data.ts";
export { SecretCheck } from "./assistant/checks/secrets.ts";
export type { ComplianceRule } from "./assistant/compliance.ts";
export { standardChecks } from "./assistant/gate.ts";
export {
  type CheckedText,
  type CheckMeasures,
  checksReport,
  type KindMeasure,
  measureChecks,
  type Share,
} from "./assistant/measure-checks.ts";
export { type Classification, type ClassificationOptions, classify } from "./classification.ts";
export { type ServiceAssumptions, serviceAssumptions } from "./customer-service/assumptions.ts";
export {
  CustomerService,
  type CustomerServiceOptions,
  type ServiceAnswer,
} from "./customer-service/customer-service.ts";
export {
  airlineCategories,
  priorities,
  type Priority,
  type Sentiment,
  sentiments,
  type ServiceReading,
  type Urgency,
  urgencies,
} from "./customer-service/labels.ts";
export {
  type DecisionMeasures,
  type LabelledInquiry,
  type LabelMeasure,
  labelsRight,
  measureService,
  type MeasureServiceOptions,
  type ReviewMeasure,
  type ServiceEstimates,
  type ServiceMeasures,
} from "./customer-service/measure.ts";
export { OnePromptService } from "./customer-service/one-prompt.ts";
export { serviceReport, type ServiceReportSubject } from "./customer-service/report.ts";
export { airlineRules, decide, type ServiceDecision, type ServiceRule } from "./customer-service/rules.ts";
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
  answersFromLogbook,
  fitAnswerability,
  type LogbookQuestion,
  logbookQuestions,
  measureChatbot,
  measureRetrieval,
  measureWhole,
  type RetrievalMeasure,
  type StageLatency,
  TopEntry,
  type WholeMeasure,
} from "./maintenance/measure.ts";
export {
  maintenanceReport,
  type MaintenanceReportSubject,
  type OptimizedChatbot,
} from "./maintenance/report.ts";
export type {
  ChartSpecification,
  MeasureKind,
  PlanAnalysis,
  PlanFilter,
  PlanMeasure,
  ReportPlan,
} from "./report-writer/plan.ts";
export type { ReportSentence } from "./report-writer/read-sentence.ts";
export type { CellReference } from "./report-writer/reference.ts";
export { type ReportAnswer, ReportWriter, type ReportWriterOptions } from "./report-writer/report-writer.ts";
export type { ReportResult, ResultColumn } from "./report-writer/result.ts";
export type { Units } from "./report-writer/table.ts";
export {
  type DroppedSentence,
  WrittenReport,
  type WrittenReportParts,
} from "./report-writer/written-report.ts";
export { relevanceBullets } from "./relevance/bullets.ts";
export { relevanceReport, type RelevanceReportOptions } from "./relevance/report.ts";
export {
  type MeasuredJudge,
  type RelevanceMode,
  type RelevanceOptions,
  RelevanceTuning,
  type TunedRelevance,
  tuneRelevance,
} from "./relevance/tune-relevance.ts";
