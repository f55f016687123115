export { cached } from "./cache.ts";
export { type CacheStore } from "./cache-store.ts";
export { connect, lm, type LMOptions } from "./connect.ts";
export { countTokens } from "./count-tokens.ts";
export { currentLM } from "./current.ts";
export { diskStore } from "./disk-store.ts";
export { type EndpointOptions } from "./endpoint.ts";
export { FunctionModel, type FunctionModelOptions, type FunctionReply } from "./function-model.ts";
export { CallHistory, type CallRecord, history, rememberCalls } from "./history.ts";
export { type LimitOptions } from "./gate.ts";
export { limited } from "./limits.ts";
export { memoryStore, type MemoryStoreOptions } from "./memory-store.ts";
export { OpenAIModel, type OpenAIModelOptions, type RequestDefaults } from "./openai-model.ts";
export { type Price } from "./prices.ts";
export {
  type Abilities,
  type CallOptions,
  type Choice,
  type ContentPart,
  type JsonSchema,
  type LanguageModel,
  type LMChunk,
  type LMRequest,
  type LMResponse,
  type Message,
  type TokenLogprob,
  type ToolCall,
  type ToolDefinition,
  type Usage,
} from "./request.ts";
export { requestKey } from "./request-key.ts";
export { retrying, type RetryOptions } from "./retry.ts";
export { addUsage, meterUsage, noUsage, UsageMeter, usageOf, type UsageTotals } from "./usage.ts";
export { type Label, type LabelLogprob, labelLogprobs, readLabelLogprobs } from "./label-logprobs.ts";
