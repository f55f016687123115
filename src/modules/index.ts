export { AdaptiveRAG, type AdaptiveAnswer, type AdaptiveRAGOptions } from "./adaptive-rag.ts";
export type { AttemptOptions, Reward } from "./attempts.ts";
export { BestOfN, type BestOfNOptions } from "./best-of-n.ts";
export {
  callSettings,
  type CallSettings,
  configure,
  type RequestSettings,
  rowsAtOnce,
  withCallSettings,
} from "./call-settings.ts";
export {
  Calibration,
  type CalibrationState,
  type LabelProbabilities,
  labelProbabilities,
  type LabelScaling,
  scaleLogprobs,
  weighableField,
} from "./calibration.ts";
export { CitedAnswer } from "./cited-answer.ts";
export { connectWhereRun } from "./connect-where-run.ts";
export { ChainOfThought } from "./chain-of-thought.ts";
export { exportedProgram } from "./exported-program.ts";
export { addedColumns, map, type MapEngine, type MapRowsOptions } from "./map.ts";
export { Ensemble, type EnsembleOptions } from "./ensemble.ts";
export { majority, type MajorityOptions } from "./majority.ts";
export { isModule, Module, type ProgramInputs, type ProgramOutputs } from "./module.ts";
export {
  type ChainAttempt,
  MultiChainComparison,
  type MultiChainComparisonOptions,
} from "./multi-chain-comparison.ts";
export { Parallel } from "./parallel.ts";
export { Predict, type PredictOptions } from "./predict.ts";
export { programIdentity, programSource } from "./program-identity.ts";
export { Refine, type RefineOptions } from "./refine.ts";
export { inputColumns, inputsOf, pick, type RowRun, runRow } from "./run-row.ts";
export { RAG, type RAGAnswer, type RAGOptions } from "./rag.ts";
export { passageText, Retrieve, type RetrieveOptions, FunctionRetriever } from "./retrieve.ts";
export { ReAct, type ReActOptions } from "./react/react.ts";
export { type Step, type Trajectory, trajectoryOf } from "./react/trajectory.ts";
export { knowExtension, loadProgram, programFromJSON, programToJSON, withState } from "./saved.ts";
export type {
  FieldCondition,
  Filter,
  FilterValue,
  Passage,
  Principal,
  Retriever,
  SearchMode,
  SearchOptions,
  Source,
} from "./retriever.ts";
export type {
  Extension,
  ExtensionReader,
  FieldState,
  PredictorCall,
  PredictorEdit,
  PredictorState,
} from "./state.ts";
export { type ProgramDelta, stream, unseen } from "./stream.ts";
export { mcpTools, type McpOptions, type McpServer, type McpTools } from "./tools/mcp.ts";
export { searchTool, type SearchToolOptions } from "./tools/search-tool.ts";
export {
  type ArgumentsType,
  Tool,
  tool,
  ToolArgumentsError,
  type ToolContext,
  type ToolDeclaration,
  type ToolOptions,
} from "./tools/tool.ts";
export { toolsFromFile } from "./tools/tools-from-file.ts";
export { type AvailableTools, ToolSelector } from "./tool-selector.ts";
export { trimHistory } from "./trim-history.ts";
