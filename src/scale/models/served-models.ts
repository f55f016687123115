import { type EndpointOptions, type RetryOptions } from "../../lm/index.ts";
import { Endpoint } from "../../lm/endpoint.ts";
import { listPrice } from "../../lm/prices.ts";
import { retry } from "../../lm/retry.ts";
import type { RegisteredModel } from "./registered-model.ts";

/** What servers tell of a model beside its name: vLLM, llama.cpp, and gateways that list contexts and prices. */
interface ListedModel {
  id: string;
  max_model_len?: unknown;
  context_length?: unknown;
  meta?: { n_ctx_train?: unknown; n_params?: unknown } | null;
  /** US dollars a token, as text. */
  pricing?: { prompt?: unknown; completion?: unknown } | null;
}

/** Options of `ModelRegistry.served`. */
export interface ServedModelsOptions extends EndpointOptions {
  /** How a call that failed is tried again. */
  retry?: RetryOptions | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The models an OpenAI-compatible endpoint lists (`GET /models`), with what it tells of them. A model whose name says
 * so is one of embeddings, any other one of chat. OpenAI's own have their list prices.
 */
export async function servedModels(options: ServedModelsOptions = {}): Promise<RegisteredModel[]> {
  const endpoint = new Endpoint(options);
  const listed: ListedModel[] = await retry(
    () =>
      endpoint.call(options.signal, async (client, deadline) => {
        const { data } = await client.models.list({ signal: deadline.signal });
        return Array.isArray(data) ? data : [];
      }),
    options.retry,
    options.signal,
  );
  return listed.map((model) => {
    const { id, meta, pricing } = model;
    const context = amount(model.max_model_len) ?? amount(model.context_length) ?? amount(meta?.n_ctx_train);
    const parameters = amount(meta?.n_params);
    const [input, output] = [price(pricing?.prompt), price(pricing?.completion)];
    const told = input !== undefined && output !== undefined ? { input, output } : undefined;
    return {
      name: id,
      kind: /embed/i.test(id) ? "embedding" : "chat",
      ...(context !== undefined && { context }),
      ...(parameters !== undefined && { parameters: parameters / 1e9 }),
      price: told ?? (endpoint.isOpenAI ? listPrice(id) : undefined),
      baseURL: options.baseURL,
    };
  });
}

function amount(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

function price(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const perToken = Number(value);
  return perToken >= 0 ? perToken * 1e6 : undefined;
}
