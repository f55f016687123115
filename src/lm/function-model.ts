import { isThenable } from "../core/index.ts";
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

/** What a {@link FunctionModel}'s function may give: the text of the answer, or as much of a response as it likes. */
export type FunctionReply = string | Partial<LMResponse>;

/** Options of {@link FunctionModel}. */
export interface FunctionModelOptions {
  /** Default `function`. */
  name?: string | undefined;
  /**
   * Two models of one identity give interchangeable answers. Default: told by `name` where one is given, which a
   * study needs to resume in another process; else this model is like no other.
   */
  identity?: string | undefined;
  /** Default: all unknown. */
  abilities?: Partial<Abilities> | undefined;
}

let unnamed = 0;

/**
 * A model that is a function in this process: for rules, tests and benches. It costs 0, and uses no tokens unless
 * the function says so.
 */
export class FunctionModel implements LanguageModel {
  readonly name: string;
  readonly identity: string;
  readonly abilities: Abilities;
  readonly #reply: (request: LMRequest, options: CallOptions) => FunctionReply | Promise<FunctionReply>;

  constructor(
    reply: (request: LMRequest, options: CallOptions) => FunctionReply | Promise<FunctionReply>,
    { name, identity, abilities }: FunctionModelOptions = {},
  ) {
    this.#reply = reply;
    this.name = name ?? "function";
    this.identity = identity ?? (name === undefined ? `function #${++unnamed}` : `function ${name}`);
    this.abilities = { jsonSchema: undefined, tools: undefined, logprobs: undefined, ...abilities };
  }

  complete(request: LMRequest, options: CallOptions = {}): Promise<LMResponse> {
    return tracedCall(this.name, request, () => this.#complete(request, options));
  }

  /** Streams the first choice word by word. */
  stream(request: LMRequest, options: CallOptions = {}): AsyncGenerator<LMChunk, LMResponse> {
    return tracedChunks(this.name, request, () => this.#stream(request, options));
  }

  async #complete(request: LMRequest, options: CallOptions): Promise<LMResponse> {
    options.signal?.throwIfAborted();
    const started = performance.now();
    const given = this.#reply(request, options);
    const reply = isThenable(given) ? await given : given;
    const members = typeof reply === "string" ? { choices: [textChoice(reply)] } : reply;
    return {
      model: this.name,
      choices: [textChoice("")],
      usage: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0 },
      cost: 0,
      seconds: (performance.now() - started) / 1000,
      cached: false,
      ...members,
    };
  }

  async *#stream(request: LMRequest, options: CallOptions): AsyncGenerator<LMChunk, LMResponse> {
    const response = await this.#complete(request, options);
    for (const text of response.choices[0]!.text.match(/\s*\S+|\s+$/g) ?? []) {
      options.signal?.throwIfAborted();
      yield { text };
    }
    yield { text: "", response };
    return response;
  }
}

function textChoice(text: string): Choice {
  return { text, toolCalls: [], finishReason: "stop" };
}
