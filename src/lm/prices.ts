import type { Usage } from "./request.ts";

/** US dollars per million tokens. */
export interface Price {
  input: number;
  output: number;
  /** For input tokens that the endpoint had cached. Default: as `input`. */
  cachedInput?: number | undefined;
}

/** List prices at api.openai.com as of August 2025, by model. Give `price` where yours differ. */
const listPrices: Readonly<Record<string, Price>> = {
  "gpt-5": { input: 1.25, output: 10, cachedInput: 0.125 },
  "gpt-5-mini": { input: 0.25, output: 2, cachedInput: 0.025 },
  "gpt-5-nano": { input: 0.05, output: 0.4, cachedInput: 0.005 },
  "gpt-4.1": { input: 2, output: 8, cachedInput: 0.5 },
  "gpt-4.1-mini": { input: 0.4, output: 1.6, cachedInput: 0.1 },
  "gpt-4.1-nano": { input: 0.1, output: 0.4, cachedInput: 0.025 },
  "gpt-4o": { input: 2.5, output: 10, cachedInput: 1.25 },
  "gpt-4o-mini": { input: 0.15, output: 0.6, cachedInput: 0.075 },
  o3: { input: 2, output: 8, cachedInput: 0.5 },
  "o4-mini": { input: 1.1, output: 4.4, cachedInput: 0.275 },
};

/** OpenAI's list price of a model, dated versions (`gpt-4o-2024-08-06`) included; undefined where not known. */
export function listPrice(model: string): Price | undefined {
  const name = model.replace(/-\d{4}-\d{2}-\d{2}$/, "");
  return Object.hasOwn(listPrices, name) ? listPrices[name] : undefined;
}

/** US dollars for `usage`; null where the price, or what was used, is not known. */
export function costOf(usage: Usage | undefined, price: Price | undefined): number | null {
  if (!price) return null;
  const { input, output, cachedInput = input } = price;
  if (input === 0 && output === 0 && cachedInput === 0) return 0;
  if (!usage) return null;
  const fresh = usage.inputTokens - usage.cachedTokens;
  return (fresh * input + usage.cachedTokens * cachedInput + usage.outputTokens * output) / 1e6;
}
