import { type Displayable, display, escapeHtml, listen, type MimeBundle, type Span } from "../core/index.ts";
import type { ContentPart, LMRequest, LMResponse, Message } from "./request.ts";

/** One call of a model as it is remembered. */
export interface CallRecord {
  /** As the endpoint names it. */
  readonly model: string;
  readonly request: LMRequest;
  /** Undefined where the call failed. */
  readonly response: LMResponse | undefined;
  /** What was thrown, where the call failed. */
  readonly error: unknown;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

const remembered = 50;
const calls: CallRecord[] = [];
let remembering = false;

/** Starts to remember the last 50 calls of models; {@link connect} and {@link lm} do so. */
export function rememberCalls(): void {
  if (remembering) return;
  remembering = true;
  listen({ end: remember }, ["model"]);
}

function remember(span: Span): void {
  if (calls.length === remembered) calls.shift();
  calls.push({
    model: span.name,
    request: span.inputs as LMRequest,
    response: span.result as LMResponse | undefined,
    error: span.error,
    startedAt: span.startedAt,
  });
}

/** The last `count` calls, oldest first (default 1, at most 50): what was asked and what came back. */
export function history(count = 1): CallHistory {
  return new CallHistory(count > 0 ? calls.slice(-count) : []);
}

/** Calls of models, shown readably in a cell and a terminal. */
export class CallHistory implements Displayable {
  readonly calls: readonly CallRecord[];

  constructor(calls: readonly CallRecord[]) {
    this.calls = calls;
  }

  toString(): string {
    return this.calls
      .map((call) => {
        const turns = turnsOf(call).map(({ role, text }) => `${role}:\n${text.replace(/^/gm, "  ")}`);
        return `── ${headline(call)}\n${turns.join("\n")}`;
      })
      .join("\n\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** The calls, folded out. */
  [display](): MimeBundle {
    const html = this.calls
      .map((call) => {
        const turns = turnsOf(call).map(
          ({ role, text }) =>
            `<div style="margin:.4em 0"><b>${escapeHtml(role)}</b>` +
            `<pre style="white-space:pre-wrap;margin:.2em 0 0 1em">${escapeHtml(text)}</pre></div>`,
        );
        return `<details open><summary>${escapeHtml(headline(call))}</summary>${turns.join("")}</details>`;
      })
      .join("");
    return { "text/html": html || "No calls yet.", "text/plain": this.toString() || "No calls yet." };
  }
}

function headline({ model, response }: CallRecord): string {
  if (!response) return `${model}: failed`;
  const { usage, cost, cached, seconds } = response;
  const price = cost === null ? "cost unknown" : `$${cost.toFixed(4)}`;
  const tokens = `${usage.inputTokens} + ${usage.outputTokens} tokens`;
  return `${model}: ${cached ? "from the cache" : `${tokens}, ${price}, ${seconds.toFixed(2)} s`}`;
}

function turnsOf({ request, response, error }: CallRecord): { role: string; text: string }[] {
  const asked = request.messages.map((message) => ({ role: message.role, text: messageText(message) }));
  if (!response)
    return [...asked, { role: "error", text: error instanceof Error ? error.message : String(error) }];
  const answered = response.choices.map((choice, index) => ({
    role: response.choices.length > 1 ? `answer ${index + 1}` : "answer",
    text: [choice.text, ...choice.toolCalls.map((call) => `${call.name}(${call.arguments})`)]
      .filter((line) => line !== "")
      .join("\n"),
  }));
  return [...asked, ...answered];
}

function messageText(message: Message): string {
  const text =
    typeof message.content === "string" ? message.content : message.content.map(partText).join("\n");
  const toolCalls = message.role === "assistant" ? (message.toolCalls ?? []) : [];
  return [text, ...toolCalls.map((call) => `${call.name}(${call.arguments})`)].join("\n").trim();
}

function partText(part: ContentPart): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "image":
      return `[image ${part.url.length > 80 ? `${part.url.slice(0, 60)}…` : part.url}]`;
    case "audio":
      return `[audio, ${part.format}]`;
    case "file":
      return `[file ${part.filename}]`;
  }
}
