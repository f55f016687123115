import type { Abilities } from "../../lm/index.ts";
import { costOf, type Price } from "../../lm/prices.ts";

/** What an endpoint is asked for: a conversation, a text to go on with, or vectors. */
export type ModelKind = "chat" | "completion" | "embedding";

/** How quick a model is. */
export interface Speed {
  /** Seconds until the first token. */
  firstToken: number;
  /** Tokens a second after that. */
  tokensPerSecond: number;
}

/** A model as a {@link ModelRegistry} knows it. What is not known is left out. */
export interface RegisteredModel {
  /** As the endpoint names it. */
  name: string;
  /** Default `chat`. */
  kind?: ModelKind | undefined;
  /** Tokens that prompt and answer may have together. */
  context?: number | undefined;
  /** US dollars per million tokens. */
  price?: Price | undefined;
  /** Billions of weights: what "small" and "large" go by; where not all models tell, their price. */
  parameters?: number | undefined;
  speed?: Speed | undefined;
  abilities?: Partial<Abilities> | undefined;
  /** Default: that of the environment. */
  baseURL?: string | undefined;
  /** The environment variable that holds the key. A key itself has no place here. */
  keyVariable?: string | undefined;
  /** Sends the calls, where the endpoint wants a login that changes. Being a function, it is never part of a file. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** Tokens of a call. */
export interface CallSize {
  inputTokens: number;
  outputTokens: number;
}

/** US dollars of a call of this size; null where the price is not known. */
export function callCost({ price }: RegisteredModel, size: CallSize): number | null {
  return costOf({ ...size, cachedTokens: 0, reasoningTokens: 0 }, price);
}

/** Seconds of a call of this size; undefined where the speed is not known. */
export function callSeconds({ speed }: RegisteredModel, { outputTokens }: CallSize): number | undefined {
  return speed && speed.firstToken + outputTokens / speed.tokensPerSecond;
}
