import type { Redactor, Span, SpanKind } from "../core/index.ts";
import type { LMRequest, LMResponse, Message, Usage } from "../lm/request.ts";
import { plainText } from "./plain.ts";

/** MLflow's kinds of spans. */
const spanTypes: Record<SpanKind, string> = {
  module: "CHAIN",
  model: "CHAT_MODEL",
  tool: "TOOL",
  retriever: "RETRIEVER",
  row: "CHAIN",
  evaluation: "EVALUATOR",
  optimizer: "CHAIN",
};

/** Operations of OpenTelemetry's GenAI conventions. */
const operations: Partial<Record<SpanKind, string>> = {
  module: "invoke_agent",
  model: "chat",
  tool: "execute_tool",
  retriever: "retrieval",
};

/** Characters of inputs or outputs that one span carries at most. */
const longest = 100_000;

/** Attributes that are told under a name of a convention, or not at all. */
const told = new Set(["model", "usage", "cost"]);

/** What leaves of a span's inputs and outputs; see {@link TracingOptions.redact}. */
export interface Content {
  redactor: Redactor;
  /** The user's own, after ours. */
  redact: (value: unknown) => unknown;
}

/**
 * A span's attributes: those of OpenTelemetry's GenAI conventions
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/), MLflow's, and lmframe's own as `lmframe.<name>`.
 */
export function spanAttributes(span: Span, content: Content): Record<string, string | number | boolean> {
  const text = (value: unknown) =>
    plainText(
      content.redact(content.redactor.value(JSON.parse(plainText(value, Infinity)) as unknown)),
      longest,
    );
  const attributes: Record<string, string | number | boolean> = { "mlflow.spanType": spanTypes[span.kind] };
  const operation = operations[span.kind];
  if (operation !== undefined) attributes["gen_ai.operation.name"] = operation;
  if (span.inputs !== undefined) attributes["mlflow.spanInputs"] = text(inputsOf(span));
  if (span.result !== undefined) attributes["mlflow.spanOutputs"] = text(outputsOf(span));
  if (span.kind === "tool") attributes["gen_ai.tool.name"] = span.name;
  if (span.kind === "module") attributes["gen_ai.agent.name"] = span.name;
  if (span.kind === "model") Object.assign(attributes, modelAttributes(span));
  for (const [name, value] of Object.entries(span.attributes)) {
    if (told.has(name) && span.kind === "model") continue;
    const isScalar = typeof value === "number" || typeof value === "boolean";
    attributes[`lmframe.${name}`] = isScalar ? value : text(value);
  }
  return attributes;
}

function modelAttributes({ name, inputs, attributes, result }: Span): Record<string, string | number> {
  const request = (inputs ?? {}) as Partial<LMRequest>;
  const response = (result ?? {}) as Partial<LMResponse>;
  const usage = (attributes.usage ?? response.usage) as Usage | undefined;
  const cost = attributes.cost ?? response.cost;
  const model = attributes.model ?? response.model;
  const known: Record<string, unknown> = {
    "gen_ai.request.model": name,
    "gen_ai.request.temperature": request.temperature,
    "gen_ai.request.top_p": request.topP,
    "gen_ai.request.max_tokens": request.maxTokens,
    "gen_ai.request.seed": request.seed,
    "gen_ai.response.model": model,
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedTokens || undefined,
    "mlflow.llm.cost": typeof cost === "number" ? JSON.stringify({ total_cost: cost }) : undefined,
    "mlflow.message.format": "openai",
  };
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => typeof value === "string" || typeof value === "number"),
  ) as Record<string, string | number>;
}

function inputsOf({ kind, inputs }: Span): unknown {
  if (kind !== "model") return inputs;
  const { messages, ...request } = inputs as LMRequest;
  // MLflow draws a conversation that is spelt as OpenAI spells it.
  return { ...request, messages: messages.map(openaiMessage) };
}

function outputsOf({ kind, result }: Span): unknown {
  if (kind !== "model") return result;
  const { choices, model, cached } = result as LMResponse;
  return {
    model,
    cached,
    choices: choices.map((choice, index) => ({
      index,
      finish_reason: choice.finishReason,
      message: {
        role: "assistant",
        content: choice.text,
        ...(choice.reasoning ? { reasoning_content: choice.reasoning } : {}),
        ...(choice.toolCalls.length > 0 ? { tool_calls: choice.toolCalls.map(openaiToolCall) } : {}),
      },
    })),
  };
}

function openaiMessage(message: Message): unknown {
  if (message.role === "tool") {
    return { role: "tool", content: message.content, tool_call_id: message.toolCallId };
  }
  if (message.role === "assistant" && message.toolCalls && message.toolCalls.length > 0) {
    return {
      role: "assistant",
      content: message.content,
      tool_calls: message.toolCalls.map(openaiToolCall),
    };
  }
  if (message.role !== "user" || typeof message.content === "string") return message;
  return {
    role: "user",
    content: message.content.map((part) =>
      part.type === "image"
        ? { type: "image_url", image_url: { url: part.url } }
        : part.type === "audio"
          ? { type: "input_audio", input_audio: { data: part.data, format: part.format } }
          : part.type === "file"
            ? { type: "file", file: { filename: part.filename } }
            : part,
    ),
  };
}

function openaiToolCall({ id, name, arguments: text }: { id: string; name: string; arguments: string }) {
  return { id, type: "function", function: { name, arguments: text } };
}
