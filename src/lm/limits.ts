import { Gate, type LimitOptions } from "./gate.ts";
import { layer } from "./layer.ts";
import type { LanguageModel, LMRequest } from "./request.ts";

/**
 * Keeps the calls of `model` within limits; those that must wait take turns in the order they came. Where the
 * endpoint answers 429 it adapts: calls under way at once are halved and grow back by one for each round of
 * successes (additive increase, multiplicative decrease, as TCP: Chiu and Jain 1989), and while a `Retry-After` is
 * in force nobody calls.
 */
export function limited(model: LanguageModel, options: LimitOptions = {}): LanguageModel {
  const gate = new Gate(options);
  return layer(model, {
    concurrency: options.concurrency,
    async complete(request, call = {}) {
      const pass = await gate.enter(estimateTokens(request), call.signal);
      try {
        const response = await model.complete(request, call);
        gate.leave(pass, response.usage.inputTokens + response.usage.outputTokens);
        return response;
      } catch (error) {
        gate.fail(pass, error);
        throw error;
      }
    },
    async *stream(request, call = {}) {
      const pass = await gate.enter(estimateTokens(request), call.signal);
      let outcome: { tokens: number | undefined } | { error: unknown } = { tokens: undefined };
      try {
        const response = yield* model.stream(request, call);
        outcome = { tokens: response.usage.inputTokens + response.usage.outputTokens };
        return response;
      } catch (error) {
        outcome = { error };
        throw error;
      } finally {
        // Here, so that a reader who leaves early gives the place back too.
        if ("error" in outcome) gate.fail(pass, outcome.error);
        else gate.leave(pass, outcome.tokens);
      }
    },
  });
}

/** Four characters a token, as is usual for English, and the answer's limit where one is set. */
export function estimateTokens(request: LMRequest): number {
  let characters = 0;
  for (const { content } of request.messages) {
    if (typeof content === "string") characters += content.length;
    else for (const part of content) if (part.type === "text") characters += part.text.length;
  }
  return Math.ceil(characters / 4) + (request.maxTokens ?? 0) * (request.n ?? 1);
}
