import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a call fails. `cut`: half of the body arrives; `hang`: nothing does, and the connection stays open. */
export type FaultKind = "429" | "500" | "cut" | "hang" | "empty" | "notjson";

/** A chat request as it arrived. */
export interface ChatBody {
  model: string;
  messages: { role: string; content: unknown; tool_calls?: unknown; tool_call_id?: string }[];
  n?: number;
  stream?: boolean;
  logprobs?: boolean;
  [member: string]: unknown;
}

/** What an answer holds beside text. */
export interface ScriptedReply {
  text?: string;
  reasoning?: string;
  refusal?: string;
  toolCalls?: { name: string; arguments: string }[];
  finishReason?: string;
  logprobs?: { token: string; logprob: number; top_logprobs: { token: string; logprob: number }[] }[];
}

/** A raw HTTP answer in place of a completion. */
export interface RawAnswer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

export interface EndpointScript {
  /** What the model says. Default "ok". `call` counts from 0. */
  reply?: (request: ChatBody, call: number) => string | ScriptedReply;
  /** Answers a call itself, where it gives something. */
  answer?: (request: ChatBody, call: number) => RawAnswer | undefined;
  /**
   * Which calls fail: a share of them, all kinds equally often by default. Whether a call fails hangs on the seed, the
   * request and how often it came before, not on the order of arrival.
   */
  faults?: { rate: number; kinds?: FaultKind[]; seed?: number; retryAfter?: string };
  /** What `/v1/models` lists. Default `test-model`. */
  models?: string[];
  /** Milliseconds before each answer. Default 0. */
  delay?: number;
  /** The only key that is accepted. Default: any, or none. */
  key?: string;
}

/** One chat request that arrived. */
export interface RequestLog {
  at: number;
  headers: IncomingHttpHeaders;
  body: ChatBody;
  fault: FaultKind | undefined;
}

export interface FaultyEndpoint {
  /** Up to and including `/v1`. */
  baseURL: string;
  calls: RequestLog[];
  /** Most calls that were under way at once. */
  readonly peak: number;
  close(): Promise<void>;
}

const allKinds: FaultKind[] = ["429", "500", "cut", "hang", "empty", "notjson"];

/** An OpenAI-compatible endpoint on loopback that answers by a script, and fails by one. */
export async function startEndpoint(script: EndpointScript = {}): Promise<FaultyEndpoint> {
  const calls: RequestLog[] = [];
  const seen = new Map<string, number>();
  let under = 0;
  let peak = 0;

  const faultOf = (text: string): FaultKind | undefined => {
    if (!script.faults) return undefined;
    const { rate, kinds = allKinds, seed = 0 } = script.faults;
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    const digest = createHash("sha256").update(`${seed} ${times} ${text}`).digest();
    if (digest.readUInt32LE(0) / 2 ** 32 >= rate) return undefined;
    return kinds[digest.readUInt32LE(4) % kinds.length];
  };

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (script.key !== undefined && request.headers.authorization !== `Bearer ${script.key}`) {
      const message = `Incorrect API key provided: ${request.headers.authorization ?? "none"}`;
      return send(response, 401, { error: { message, code: "invalid_api_key" } });
    }
    if (request.url?.startsWith("/v1/models"))
      return send(response, 200, {
        object: "list",
        data: (script.models ?? ["test-model"]).map((id) => ({ id, object: "model" })),
      });
    if (!request.url?.startsWith("/v1/chat/completions"))
      return send(response, 404, { error: { message: `no route ${request.url}` } });

    let text = "";
    for await (const piece of request) text += String(piece);
    const body = JSON.parse(text) as ChatBody;
    const fault = faultOf(text);
    const call = calls.push({ at: performance.now(), headers: request.headers, body, fault }) - 1;
    peak = Math.max(peak, ++under);
    response.on("close", () => under--);
    if (script.delay) await new Promise((resolve) => setTimeout(resolve, script.delay));

    switch (fault) {
      case "429":
        return send(
          response,
          429,
          { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } },
          script.faults?.retryAfter === undefined ? {} : { "retry-after": script.faults.retryAfter },
        );
      case "500":
        return send(response, 500, { error: { message: "The server had an error" } });
      case "hang":
        return;
      case "empty":
        response.writeHead(200, { "content-type": "application/json" }).end();
        return;
      case "notjson":
        response.writeHead(200, { "content-type": "text/html" }).end("<html>Bad gateway</html>");
        return;
    }
    const raw = script.answer?.(body, call);
    if (raw) return send(response, raw.status, raw.body, raw.headers);

    const said = script.reply?.(body, call) ?? "ok";
    const reply = typeof said === "string" ? { text: said } : said;
    if (body.stream) return stream(response, body, reply, fault === "cut");
    const answer = JSON.stringify(completion(body, reply));
    if (fault === "cut") {
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(answer),
      });
      response.write(answer.slice(0, answer.length / 2), () => response.destroy());
      return;
    }
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    calls,
    get peak() {
      return peak;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
}

function usageOf(body: ChatBody, { text = "" }: ScriptedReply) {
  const prompt_tokens = Math.ceil(JSON.stringify(body.messages).length / 4);
  const completion_tokens = words(text).length;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

const words = (text: string): string[] => text.match(/\s*\S+|\s+$/g) ?? [];

function logprobsOf({ text = "", logprobs }: ScriptedReply) {
  return {
    content:
      logprobs ??
      words(text).map((token) => ({ token, logprob: -0.1, top_logprobs: [{ token, logprob: -0.1 }] })),
  };
}

const toolCallsOf = ({ toolCalls = [] }: ScriptedReply) =>
  toolCalls.map((call, index) => ({ id: `call_${index}`, type: "function", function: call }));

function completion(body: ChatBody, reply: ScriptedReply) {
  const tool_calls = toolCallsOf(reply);
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model: body.model,
    choices: Array.from({ length: body.n ?? 1 }, (_, index) => ({
      index,
      message: {
        role: "assistant",
        content: reply.text ?? null,
        ...(reply.reasoning === undefined ? {} : { reasoning_content: reply.reasoning }),
        ...(reply.refusal === undefined ? {} : { refusal: reply.refusal }),
        ...(tool_calls.length > 0 ? { tool_calls } : {}),
      },
      finish_reason: reply.finishReason ?? (tool_calls.length > 0 ? "tool_calls" : "stop"),
      logprobs: body.logprobs ? logprobsOf(reply) : null,
    })),
    usage: usageOf(body, reply),
  };
}

function stream(response: ServerResponse, body: ChatBody, reply: ScriptedReply, cut: boolean): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const event = (members: object) =>
    response.write(`data: ${JSON.stringify({ id: "chatcmpl-1", model: body.model, ...members })}\n\n`);
  const delta = (delta: object, finish_reason: string | null = null) =>
    event({ choices: [{ index: 0, delta, finish_reason }] });
  if (reply.reasoning !== undefined) delta({ reasoning_content: reply.reasoning });
  const pieces = words(reply.text ?? "");
  const whole = cut ? pieces.slice(0, Math.floor(pieces.length / 2)) : pieces;
  for (const content of whole) delta({ content });
  if (cut) {
    response.end();
    return;
  }
  // As endpoints do: the name first, then the arguments piece by piece.
  toolCallsOf(reply).forEach(({ id, function: { name, arguments: text } }, index) => {
    delta({ tool_calls: [{ index, id, function: { name, arguments: "" } }] });
    for (const piece of text.match(/[\s\S]{1,5}/g) ?? [])
      delta({ tool_calls: [{ index, function: { arguments: piece } }] });
  });
  delta({}, reply.finishReason ?? (reply.toolCalls ? "tool_calls" : "stop"));
  event({ choices: [], usage: usageOf(body, reply) });
  response.end("data: [DONE]\n\n");
}
