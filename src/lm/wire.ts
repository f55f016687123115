import type { OpenAI } from "openai";
import { RefusedError, UnreachableError } from "../core/index.ts";
import { acceptsStrict } from "./strict-schema.ts";
import type { Choice, ContentPart, LMRequest, Message, ToolCall, TokenLogprob, Usage } from "./request.ts";

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;
type WireMessage = OpenAI.Chat.Completions.ChatCompletionMessageParam;
type WirePart = OpenAI.Chat.Completions.ChatCompletionContentPart;

/**
 * The request as chat completions take it. With `reasoning`, as OpenAI's reasoning models want it: the limit in
 * `max_completion_tokens`, developer messages, and no sampling members, which those models refuse.
 */
export function toWire(request: LMRequest, model: string, reasoning: boolean): Body {
  const { responseFormat, tools, toolChoice, topLogprobs, maxTokens } = request;
  const body: Record<string, unknown> = {
    model,
    messages: request.messages.map((message) => toWireMessage(message, reasoning)),
    n: request.n,
    [reasoning ? "max_completion_tokens" : "max_tokens"]: maxTokens,
    stop: request.stop && [...request.stop],
    seed: request.seed,
    reasoning_effort: request.reasoningEffort,
  };
  if (!reasoning) Object.assign(body, { temperature: request.temperature, top_p: request.topP });
  if (tools && tools.length > 0) {
    body.tools = tools.map((tool) => ({ type: "function", function: { ...tool } }));
    body.tool_choice =
      typeof toolChoice === "object" ? { type: "function", function: { name: toolChoice.name } } : toolChoice;
  }
  if (topLogprobs !== undefined) Object.assign(body, { logprobs: true, top_logprobs: topLogprobs });
  if (responseFormat) {
    const { name, schema } = responseFormat;
    // The endpoint's rule for names, which a signature's need not keep.
    const wireName = name.replace(/[^\w-]/g, "_").slice(0, 64) || "answer";
    const json_schema = { name: wireName, schema, strict: acceptsStrict(schema) };
    body.response_format = { type: "json_schema", json_schema };
  }
  return { ...body, ...request.extra } as unknown as Body;
}

function toWireMessage(message: Message, reasoning: boolean): WireMessage {
  switch (message.role) {
    case "system":
    case "developer":
      // Endpoints other than OpenAI's mostly know `system` only.
      return { role: reasoning ? "developer" : "system", content: message.content };
    case "user":
      return {
        role: "user",
        content: typeof message.content === "string" ? message.content : message.content.map(toWirePart),
      };
    case "assistant": {
      const { content, toolCalls } = message;
      if (!toolCalls || toolCalls.length === 0) return { role: "assistant", content };
      const tool_calls = toolCalls.map(({ id, name, arguments: text }) => ({
        id,
        type: "function" as const,
        function: { name, arguments: text },
      }));
      return { role: "assistant", content: content === "" ? null : content, tool_calls };
    }
    case "tool":
      return { role: "tool", content: message.content, tool_call_id: message.toolCallId };
  }
}

function toWirePart(part: ContentPart): WirePart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image":
      return { type: "image_url", image_url: { url: part.url, ...(part.detail && { detail: part.detail }) } };
    case "audio":
      return { type: "input_audio", input_audio: { data: part.data, format: part.format } };
    case "file":
      return { type: "file", file: { filename: part.filename, file_data: part.data } };
  }
}

/** A tool call as it came. */
interface WireToolCall {
  id?: unknown;
  function?: { name?: unknown; arguments?: unknown } | null;
}

/** Token counts as they came. */
interface WireUsage {
  prompt_tokens?: unknown;
  completion_tokens?: unknown;
  prompt_tokens_details?: { cached_tokens?: unknown } | null;
  completion_tokens_details?: { reasoning_tokens?: unknown } | null;
}

/** One choice as it came, whole or as it was put together from a stream. */
export interface WireChoice {
  message?: {
    content?: unknown;
    reasoning_content?: unknown;
    reasoning?: unknown;
    refusal?: unknown;
    tool_calls?: WireToolCall[] | null;
  };
  finish_reason?: unknown;
  logprobs?: { content?: WireLogprob[] | null } | null;
}

/** The log-probability of one token as it came. */
export interface WireLogprob {
  token: string;
  logprob: number;
  top_logprobs?: { token: string; logprob: number }[] | null;
}

/** An answer as it came: nothing about it is certain. */
export interface WireAnswer {
  model?: unknown;
  choices?: WireChoice[];
  usage?: WireUsage | null;
  error?: unknown;
}

/**
 * The choices of an answer. Throws UnreachableError where it is no whole answer, RefusedError where the model
 * declined in every choice.
 */
export function readChoices(answer: WireAnswer, address: string): Choice[] {
  const { choices } = answer;
  if (!Array.isArray(choices) || choices.length === 0)
    throw new UnreachableError(`${address} answered with no choices`);
  const refusals: string[] = [];
  const read = choices.map((choice) => {
    const { message } = choice;
    if (typeof message !== "object" || message === null)
      throw new UnreachableError(`${address} answered with a choice that has no message`);
    const finishReason = readFinishReason(choice.finish_reason);
    const text = readText(message.content);
    const toolCalls = (message.tool_calls ?? []).map(readToolCall);
    if (typeof message.refusal === "string" && message.refusal !== "") refusals.push(message.refusal);
    else if (finishReason === "content_filter" && text === "") refusals.push("content filter");
    const result: Choice = { text, toolCalls, finishReason };
    const reasoning = readText(message.reasoning_content ?? message.reasoning);
    if (reasoning !== "") result.reasoning = reasoning;
    if (choice.logprobs?.content) result.logprobs = choice.logprobs.content.map(readLogprob);
    return result;
  });
  if (refusals.length === choices.length)
    throw new RefusedError(`the model declined to answer: ${refusals[0]!.slice(0, 500)}`, { status: 200 });
  return read;
}

/** The tokens used; undefined where the endpoint does not say. */
export function readUsage(answer: WireAnswer): Usage | undefined {
  const { usage } = answer;
  if (typeof usage !== "object" || usage === null) return undefined;
  return {
    inputTokens: count(usage.prompt_tokens),
    outputTokens: count(usage.completion_tokens),
    cachedTokens: count(usage.prompt_tokens_details?.cached_tokens),
    reasoningTokens: count(usage.completion_tokens_details?.reasoning_tokens),
  };
}

const count = (value: unknown): number => (typeof value === "number" && value >= 0 ? value : 0);

/** Some endpoints give content as a list of parts. */
function readText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: { text?: unknown } | null) => (typeof part?.text === "string" ? part.text : ""))
    .join("");
}

function readToolCall(call: WireToolCall): ToolCall {
  const { name, arguments: text } = call.function ?? {};
  return {
    id: typeof call.id === "string" ? call.id : "",
    name: typeof name === "string" ? name : "",
    // Some endpoints give the arguments as an object.
    arguments: typeof text === "string" ? text : JSON.stringify(text ?? {}),
  };
}

function readLogprob({ token, logprob, top_logprobs }: WireLogprob): TokenLogprob {
  const top = (top_logprobs ?? []).map((other) => ({ token: other.token, logprob: other.logprob }));
  return { token, logprob, top };
}

function readFinishReason(reason: unknown): Choice["finishReason"] {
  switch (reason) {
    case "stop":
    case "length":
    case "tool_calls":
    case "content_filter":
      return reason;
    case "function_call":
      return "tool_calls";
    default:
      return "unknown";
  }
}
