import type { WireChoice, WireLogprob } from "./wire.ts";

/** What a streamed chunk adds to one choice. */
export interface WireDelta {
  index?: number;
  delta?: {
    content?: string | null;
    reasoning_content?: string | null;
    reasoning?: string | null;
    refusal?: string | null;
    tool_calls?: {
      index?: number;
      id?: string;
      function?: { name?: string; arguments?: string };
    }[];
  } | null;
  finish_reason?: string | null;
  logprobs?: { content?: WireLogprob[] | null } | null;
}

/** Puts the choices of an answer together from the pieces it streams in. */
export class Assembly {
  readonly #choices: {
    content: string;
    reasoning: string;
    refusal: string;
    toolCalls: { id: string; function: { name: string; arguments: string } }[];
    logprobs: WireLogprob[];
    finishReason: string | undefined;
  }[] = [];

  add({ index = 0, delta, finish_reason, logprobs }: WireDelta): void {
    const choice = (this.#choices[index] ??= {
      content: "",
      reasoning: "",
      refusal: "",
      toolCalls: [],
      logprobs: [],
      finishReason: undefined,
    });
    choice.content += delta?.content ?? "";
    choice.reasoning += delta?.reasoning_content ?? delta?.reasoning ?? "";
    choice.refusal += delta?.refusal ?? "";
    if (logprobs?.content) choice.logprobs.push(...logprobs.content);
    if (finish_reason) choice.finishReason = finish_reason;
    for (const piece of delta?.tool_calls ?? []) {
      const call = (choice.toolCalls[piece.index ?? 0] ??= { id: "", function: { name: "", arguments: "" } });
      call.id ||= piece.id ?? "";
      call.function.name ||= piece.function?.name ?? "";
      call.function.arguments += piece.function?.arguments ?? "";
    }
  }

  /** True once every choice that began has ended: a stream that stops before was cut. */
  get whole(): boolean {
    return this.#choices.length > 0 && Object.values(this.#choices).every((choice) => choice.finishReason);
  }

  choices(): WireChoice[] {
    return Object.values(this.#choices).map((choice) => ({
      message: {
        content: choice.content,
        reasoning_content: choice.reasoning,
        refusal: choice.refusal,
        tool_calls: Object.values(choice.toolCalls),
      },
      finish_reason: choice.finishReason,
      logprobs: choice.logprobs.length > 0 ? { content: choice.logprobs } : null,
    }));
  }
}
