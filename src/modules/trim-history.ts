import type { AnySignature } from "../adapters/adapter.ts";
import { ConfigurationError } from "../core/index.ts";
import { countTokens } from "../lm/count-tokens.ts";
import { type History, isHistory } from "../signature/index.ts";

/**
 * The newest turns of a conversation that have at most `tokens` tokens together. Turns are kept whole or not at all,
 * and without gaps, so that a newest turn which is longer by itself leaves none. Tokens are counted by `countTokens`.
 */
export function trimHistory({ messages }: History, { tokens }: { tokens: number }): History {
  if (!(tokens >= 0))
    throw new ConfigurationError(`invalid tokens of a history: ${tokens}; expected 0 or more`);
  let left = tokens;
  let first = messages.length;
  while (first > 0) {
    left -= countTokens(JSON.stringify(messages[first - 1]));
    if (left < 0) break;
    first--;
  }
  return { messages: messages.slice(first) };
}

/** `inputs` with the conversations among them trimmed; as they are where `tokens` is undefined. */
export function trimInputs(
  { inputs: fields }: Pick<AnySignature, "inputs">,
  inputs: Readonly<Record<string, unknown>>,
  tokens: number | undefined,
): Readonly<Record<string, unknown>> {
  if (tokens === undefined) return inputs;
  const trimmed = fields.flatMap(({ name, type }): [string, History][] => {
    const history = inputs[name] as History | null | undefined;
    return isHistory(type) && history ? [[name, trimHistory(history, { tokens })]] : [];
  });
  return { ...inputs, ...Object.fromEntries(trimmed) };
}
