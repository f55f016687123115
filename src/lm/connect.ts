import { ConfigurationError } from "../core/index.ts";
import { ensureModel } from "../services/model.ts";
import { cached } from "./cache.ts";
import type { CacheStore } from "./cache-store.ts";
import { currentLM } from "./current.ts";
import { diskStore } from "./disk-store.ts";
import { rememberCalls } from "./history.ts";
import { type LimitOptions } from "./gate.ts";
import { limited } from "./limits.ts";
import { memoryStore } from "./memory-store.ts";
import { OpenAIModel, type OpenAIModelOptions } from "./openai-model.ts";
import type { LanguageModel } from "./request.ts";
import { retrying, type RetryOptions } from "./retry.ts";
import { servedModel } from "./served-model.ts";

/** Options of {@link lm} and {@link connect}. */
export interface LMOptions extends OpenAIModelOptions {
  /**
   * Where answers are kept. Default true: in this process, shared by all models. A directory keeps them on disk,
   * across processes; false: nowhere.
   */
  cache?: boolean | { directory: string } | CacheStore | undefined;
  /** How calls that failed are tried again. */
  retry?: RetryOptions | undefined;
  /** Limits on concurrency, requests and tokens. Default: none until the endpoint answers 429. */
  limits?: LimitOptions | undefined;
}

const sharedStore = memoryStore();

/**
 * A model with cache, retries and limits around it: of the given name at the endpoint that `options` or the
 * environment names (`OPENAI_BASE_URL`, `OPENAI_API_KEY`), or a model of your own. It does not become the default;
 * {@link connect} sets that.
 *
 * @example
 * const judge = lm("gpt-4.1", { defaults: { temperature: 0 } });
 */
export function lm(model: string | LanguageModel, options: LMOptions = {}): LanguageModel {
  const { cache = true, retry, limits } = options;
  const base = typeof model === "string" ? new OpenAIModel({ ...options, model }) : model;
  const sturdy = retrying(limited(base, limits), retry);
  rememberCalls();
  if (cache === false) return sturdy;
  return cached(sturdy, storeOf(cache));
}

function storeOf(cache: true | { directory: string } | CacheStore): CacheStore {
  if (cache === true) return sharedStore;
  return "directory" in cache ? diskStore(cache.directory) : cache;
}

/**
 * Finds a model, builds {@link lm} around it and makes it the default of all predictors. The endpoint is the one of
 * `options` or the environment (`OPENAI_BASE_URL`, or `OPENAI_API_KEY` alone for OpenAI's), and the model
 * `options.model`, `OPENAI_MODEL`, or the only one it serves. Without any of these it is the embedded model, which
 * is started where it does not run yet; it is free, so it costs 0.
 */
export async function connect(options: LMOptions = {}): Promise<LanguageModel> {
  const model = await find(options);
  currentLM.set(model);
  return model;
}

async function find(options: LMOptions): Promise<LanguageModel> {
  const named = options.model || process.env.OPENAI_MODEL;
  if (options.baseURL || options.apiKey || process.env.OPENAI_BASE_URL || process.env.OPENAI_API_KEY)
    return lm(named || (await servedModel(options, options.retry)), options);
  if (named)
    throw new ConfigurationError(
      `model "${named}" is named, but no endpoint: set OPENAI_API_KEY, or OPENAI_BASE_URL for another than ` +
        `OpenAI's; or name no model, for the embedded one`,
    );
  const { baseURL, apiKey, identity, model } = await ensureModel();
  const endpoint = { ...options, baseURL, apiKey };
  return lm(model ?? (await servedModel(endpoint)), {
    ...endpoint,
    identity: options.identity ?? identity,
    price: options.price ?? { input: 0, output: 0 },
    abilities: { jsonSchema: true, logprobs: true, tools: false, ...options.abilities },
    // A small model that loses its way would otherwise write until its context is full.
    defaults: { maxTokens: 1000, ...options.defaults },
    // The server works on four prompts at once; more would only wait there, against the time-out.
    limits: { concurrency: 4, ...options.limits },
  });
}
