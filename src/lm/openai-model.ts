import { ConfigurationError, RefusedError, UnreachableError } from "../core/index.ts";
import { Assembly, type WireDelta } from "./assemble.ts";
import { Endpoint, type EndpointOptions } from "./endpoint.ts";
import { costOf, listPrice, type Price } from "./prices.ts";
import { readAnswer } from "./read-answer.ts";
import type {
  Abilities,
  CallOptions,
  Choice,
  LanguageModel,
  LMChunk,
  LMRequest,
  LMResponse,
} from "./request.ts";
import { tracedCall, tracedChunks } from "./trace.ts";
import { readChoices, readUsage, toWire, type WireAnswer } from "./wire.ts";

/** Members of a request that a model fills in where the request leaves them unset. */
export type RequestDefaults = Omit<LMRequest, "messages" | "rollout">;

/** Options of {@link OpenAIModel}. */
export interface OpenAIModelOptions extends EndpointOptions {
  /** Default: `OPENAI_MODEL`. */
  model?: string | undefined;
  /** Filled in where a request leaves them unset; part of the model's identity. Default: temperature 0. */
  defaults?: RequestDefaults | undefined;
  /** Default: OpenAI's list price at its own endpoint; elsewhere unknown, and the cost is null. */
  price?: Price | undefined;
  /** What is known of the endpoint; the rest is found out by use. */
  abilities?: Partial<Abilities> | undefined;
  /** What answers depend on, where address and model do not tell: the file of a local model. */
  identity?: string | undefined;
  /** Whether it wants the parameters of OpenAI's reasoning models. Default: told by its name, and by a refusal. */
  reasoning?: boolean | undefined;
}

/**
 * A model behind any OpenAI-compatible endpoint (`/chat/completions`). Calls go out once, as asked: retries,
 * limits and cache are layers around it; {@link lm} builds them all.
 */
export class OpenAIModel implements LanguageModel {
  readonly name: string;
  readonly identity: string;
  readonly abilities: Abilities;
  readonly #endpoint: Endpoint;
  readonly #defaults: RequestDefaults;
  readonly #price: Price | undefined;
  #reasoning: boolean;

  constructor(options: OpenAIModelOptions = {}) {
    const name = options.model || process.env.OPENAI_MODEL;
    if (!name)
      throw new ConfigurationError(
        "no model named: set OPENAI_MODEL, give `model`, or use `await connect()`",
      );
    this.name = name;
    this.#endpoint = new Endpoint(options);
    this.#defaults = { temperature: 0, ...withoutUnset(options.defaults ?? {}) };
    this.identity = `${options.identity ?? `${this.#endpoint.address} ${name}`} ${JSON.stringify(this.#defaults)}`;
    this.#price = options.price ?? (this.#endpoint.isOpenAI ? listPrice(name) : undefined);
    this.abilities = { jsonSchema: undefined, tools: undefined, logprobs: undefined, ...options.abilities };
    this.#reasoning = options.reasoning ?? isReasoningModel(name);
  }

  complete(request: LMRequest, options: CallOptions = {}): Promise<LMResponse> {
    return tracedCall(this.name, request, () => this.#complete(this.#fill(request), options));
  }

  stream(request: LMRequest, options: CallOptions = {}): AsyncGenerator<LMChunk, LMResponse> {
    return tracedChunks(this.name, request, () => this.#stream(this.#fill(request), options));
  }

  async #complete(request: LMRequest, options: CallOptions): Promise<LMResponse> {
    const started = performance.now();
    try {
      return await this.#endpoint.call(options.signal, async (client, { signal }) => {
        const body = toWire(request, this.name, this.#reasoning);
        const answer: unknown = await client.chat.completions.create(body, { signal });
        return this.#read(request, readAnswer<WireAnswer>(answer, "choices", this.#endpoint), started);
      });
    } catch (error) {
      if (this.#learn(error, request)) return this.#complete(request, options);
      throw error;
    }
  }

  async *#stream(request: LMRequest, options: CallOptions): AsyncGenerator<LMChunk, LMResponse> {
    const started = performance.now();
    try {
      return yield* this.#pieces(request, options, started);
    } catch (error) {
      if (!this.#learn(error, request)) throw error;
      return yield* this.#stream(request, options);
    }
  }

  #pieces(request: LMRequest, options: CallOptions, started: number): AsyncGenerator<LMChunk, LMResponse> {
    const { address } = this.#endpoint;
    const read = (answer: WireAnswer) => this.#read(request, answer, started);
    const body = {
      ...toWire(request, this.name, this.#reasoning),
      stream: true as const,
      stream_options: { include_usage: true },
    };
    return this.#endpoint.pieces(options.signal, async function* (client, deadline) {
      const assembly = new Assembly();
      const answer: WireAnswer = {};
      for await (const piece of await client.chat.completions.create(body, { signal: deadline.signal })) {
        deadline.extend();
        answer.model ??= piece.model;
        if (piece.usage) answer.usage = piece.usage;
        for (const delta of (piece.choices ?? []) as WireDelta[]) {
          assembly.add(delta);
          if ((delta.index ?? 0) !== 0) continue;
          const text = delta.delta?.content ?? "";
          const reasoning = delta.delta?.reasoning_content ?? delta.delta?.reasoning ?? "";
          if (text || reasoning) yield { text, ...(reasoning ? { reasoning } : {}) };
        }
      }
      if (!assembly.whole) throw new UnreachableError(`${address} cut its answer short`);
      const response = read({ ...answer, choices: assembly.choices() });
      yield { text: "", response };
      return response;
    });
  }

  #fill(request: LMRequest): LMRequest {
    return { ...this.#defaults, ...withoutUnset(request) };
  }

  #read(request: LMRequest, answer: WireAnswer, started: number): LMResponse {
    const choices = readChoices(answer, this.#endpoint.address);
    this.#notice(request, choices[0]!);
    const usage = readUsage(answer);
    return {
      model: typeof answer.model === "string" && answer.model !== "" ? answer.model : this.name,
      choices,
      usage: usage ?? { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0 },
      cost: costOf(usage, this.#price),
      seconds: (performance.now() - started) / 1000,
      cached: false,
    };
  }

  /** Remembers what an answer shows of the endpoint. */
  #notice(request: LMRequest, choice: Choice): void {
    const { abilities } = this;
    if (choice.toolCalls.length > 0) abilities.tools ??= true;
    if (request.topLogprobs !== undefined) abilities.logprobs ??= choice.logprobs !== undefined;
    // Some endpoints take a schema and pay no heed to it: prose from the first answer on gives them away.
    if (request.responseFormat && choice.finishReason === "stop" && choice.toolCalls.length === 0)
      abilities.jsonSchema ??= isJson(choice.text);
  }

  /**
   * Learns from a refusal what the endpoint cannot do. True where the same request, worded for what was learned,
   * is worth sending at once.
   */
  #learn(error: unknown, request: LMRequest): boolean {
    if (!(error instanceof RefusedError)) return false;
    const { message } = error;
    if (!this.#reasoning && message.includes("max_completion_tokens")) {
      this.#reasoning = true;
      return true;
    }
    if (
      !/support|unknown|unrecogni[sz]ed|unexpected|not (available|permitted|allowed)|extra inputs/i.test(
        message,
      )
    )
      return false;
    // Whether a schema was the trouble is for the predictor to judge: it can ask for another format.
    if (request.topLogprobs !== undefined && message.includes("logprobs")) this.abilities.logprobs = false;
    else if (request.tools && /\btools?\b|tool_choice/i.test(message)) this.abilities.tools = false;
    return false;
  }
}

/** OpenAI's reasoning models by name, also as gateways prefix it (`openai/o3-mini`). */
function isReasoningModel(name: string): boolean {
  return /(^|\/)(o[134]|gpt-5(\.\d+)?)(-(?!chat)|$)/.test(name);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function withoutUnset<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
