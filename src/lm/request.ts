/** A JSON schema, as far as endpoints take it. */
export type JsonSchema = Record<string, unknown>;

/** One piece of a message. Media are given as an http(s) address or a `data:` URL, or base64 with its format. */
export type ContentPart =
  | { type: "text"; text: string }
  | { type: "image"; url: string; detail?: "low" | "high" | "auto" }
  | { type: "audio"; data: string; format: "wav" | "mp3" }
  | { type: "file"; filename: string; data: string };

/** A call of a tool that the model asks for. `arguments` is JSON text as the model wrote it. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

/** One message of a conversation. */
export type Message =
  | { role: "system" | "developer"; content: string }
  | { role: "user"; content: string | readonly ContentPart[] }
  | { role: "assistant"; content: string; toolCalls?: readonly ToolCall[] }
  | { role: "tool"; content: string; toolCallId: string };

/** A tool the model may call. */
export interface ToolDefinition {
  name: string;
  description: string;
  parameters: JsonSchema;
}

/** What is asked of a language model: one type for every endpoint. Unset members are the model's defaults, else the endpoint's. */
export interface LMRequest {
  messages: readonly Message[];
  /** Answers wanted. Default 1. */
  n?: number | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  /** Tokens the answer may have, reasoning included. */
  maxTokens?: number | undefined;
  stop?: readonly string[] | undefined;
  seed?: number | undefined;
  tools?: readonly ToolDefinition[] | undefined;
  toolChoice?: "auto" | "none" | "required" | { name: string } | undefined;
  /** Constrains the answer to JSON of this schema, where the endpoint can. */
  responseFormat?: { name: string; schema: JsonSchema } | undefined;
  /** How many alternatives to report log-probabilities for at each token (0 to 20); unset: none are reported. */
  topLogprobs?: number | undefined;
  reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | undefined;
  /** Distinguishes calls that are alike but shall be drawn anew; part of the cache key, never sent. */
  rollout?: number | undefined;
  /** Members of the endpoint's own, sent as they are. */
  extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Log-probability of one token of an answer, with the likeliest alternatives. Natural logarithms. */
export interface TokenLogprob {
  token: string;
  logprob: number;
  top: readonly { token: string; logprob: number }[];
}

/** One answer. */
export interface Choice {
  text: string;
  /** What a reasoning model thought, where the endpoint tells. */
  reasoning?: string | undefined;
  toolCalls: readonly ToolCall[];
  finishReason: "stop" | "length" | "tool_calls" | "content_filter" | "unknown";
  logprobs?: readonly TokenLogprob[] | undefined;
}

/** Tokens of one or many calls. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  /** Part of `inputTokens` the endpoint had cached. */
  cachedTokens: number;
  /** Part of `outputTokens` spent on reasoning. */
  reasoningTokens: number;
}

/** What a language model answered. */
export interface LMResponse {
  /** The model that answered, as it names itself. */
  model: string;
  /** At least one. */
  choices: readonly Choice[];
  usage: Usage;
  /** US dollars; null where the price is not known; 0 for an answer from the cache. */
  cost: number | null;
  /** From request to whole answer, waits and retries included; 0 from the cache. */
  seconds: number;
  /** True where the answer came from the cache. */
  cached: boolean;
}

/** A piece of an answer as it streams. The last one carries the whole response. */
export interface LMChunk {
  text: string;
  reasoning?: string | undefined;
  response?: LMResponse | undefined;
}

/** What a call takes beside the request. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** False: neither read from nor written to the cache. Default true. */
  cache?: boolean | undefined;
  /**
   * Those who may find this answer in the cache: only calls with the same audience do. Else the time of an answer
   * would tell one group what another has asked. Default: all calls that name none.
   */
  audience?: string | undefined;
}

/**
 * A language model: an endpoint, a pool of them, or a function in this process. Cache, retries and limits
 * wrap one language model in another, so each is the same to a program.
 */
export interface LanguageModel {
  /** As the endpoint names it, for people. */
  readonly name: string;
  /**
   * What the answers depend on beside the request: endpoint and model, or the model's file. Two models with the
   * same identity give interchangeable answers; the cache and a study's journal key by it. Never holds a secret.
   */
  readonly identity: string;
  /** What the endpoint was found or is declared to be able to do; undefined: not known yet. */
  readonly abilities: Abilities;
  /** How many requests it answers at once, where that is known: more would only wait. */
  readonly concurrency?: number | undefined;
  /** Answers, or throws one of the errors under ModelError or a ConfigurationError. */
  complete(request: LMRequest, options?: CallOptions): Promise<LMResponse>;
  /** Answers piece by piece. */
  stream(request: LMRequest, options?: CallOptions): AsyncGenerator<LMChunk, LMResponse>;
}

/** What an endpoint can do. Found out once and remembered by the model that it is of. */
export interface Abilities {
  /** Constrains decoding by `responseFormat`. */
  jsonSchema: boolean | undefined;
  /** Takes `tools` and answers with calls. */
  tools: boolean | undefined;
  /** Reports `logprobs`. */
  logprobs: boolean | undefined;
}
