import { ConfigurationError, nearest } from "../../core/index.ts";
import { type LanguageModel, lm, type LMOptions } from "../../lm/index.ts";
import { readModels } from "./read-models.ts";
import type { ModelKind, RegisteredModel } from "./registered-model.ts";
import { servedModels, type ServedModelsOptions } from "./served-models.ts";

/**
 * The models that may be asked, by name: chat, completion and embedding models with context, price, speed and
 * abilities. A registry is a value: `with` gives another.
 *
 * ```ts
 * const models = new ModelRegistry([
 *   { name: "gpt-4.1-mini", context: 1_000_000, price: { input: 0.4, output: 1.6 } },
 * ]);
 * ```
 */
export class ModelRegistry implements Iterable<RegisteredModel> {
  readonly #models: ReadonlyMap<string, RegisteredModel>;

  /** Of models of one name the last counts. */
  constructor(models: Iterable<RegisteredModel> = []) {
    this.#models = new Map([...models].map((model) => [model.name, model]));
  }

  /**
   * The models of a file, one a row: JSON, CSV or any format a Dataset reads, with a column `name` and any of `kind`,
   * `context`, `parameters`, `input_price`, `output_price`, `cached_input_price` (US dollars per million tokens),
   * `first_token_seconds`, `tokens_per_second`, `json_schema`, `tools`, `logprobs`, `base_url`, `key_variable`.
   *
   * @throws DataError for a column that is none of these or a value that cannot be; ConfigurationError for one that
   * would hold a key.
   */
  static async read(path: string): Promise<ModelRegistry> {
    return new ModelRegistry(await readModels(path));
  }

  /** The models that an OpenAI-compatible endpoint lists. */
  static async served(options: ServedModelsOptions = {}): Promise<ModelRegistry> {
    return new ModelRegistry(await servedModels(options));
  }

  /** A registry with these models too; what they say of a model that is known already is added to it. */
  with(models: Iterable<RegisteredModel>): ModelRegistry {
    return new ModelRegistry([
      ...this.#models.values(),
      ...[...models].map((model) => ({ ...this.#models.get(model.name), ...told(model) })),
    ]);
  }

  /** @throws ConfigurationError where no model has this name. */
  get(name: string): RegisteredModel {
    const model = this.#models.get(name);
    if (model) return model;
    const guess = nearest(name, this.#models.keys());
    throw new ConfigurationError(
      `no model "${name}" in the registry${guess ? `; did you mean "${guess}"?` : `; it has ${[...this.#models.keys()].join(", ") || "none"}`}`,
    );
  }

  /** True where a model has this name. */
  has(name: string): boolean {
    return this.#models.has(name);
  }

  /** The models of a kind, in the order they were given. */
  of(kind: ModelKind): RegisteredModel[] {
    return [...this].filter((model) => (model.kind ?? "chat") === kind);
  }

  /**
   * A chat model, ready to be asked; see {@link lm}. @throws ConfigurationError for a model of another kind, one that is
   * not there, and where the variable that should hold its key is not set.
   */
  lm(name: string, options: LMOptions = {}): LanguageModel {
    const { kind = "chat", price, abilities, baseURL, keyVariable, fetch } = this.get(name);
    if (kind !== "chat") throw new ConfigurationError(`"${name}" is no chat model but one of ${kind}`);
    const apiKey = keyVariable === undefined ? undefined : process.env[keyVariable];
    if (keyVariable !== undefined && !apiKey)
      throw new ConfigurationError(`the key of "${name}" is to be found in ${keyVariable}, which is not set`);
    return lm(name, told({ baseURL, apiKey, fetch, price, abilities, ...told(options) }));
  }

  /** The models in their order. */
  [Symbol.iterator](): Iterator<RegisteredModel> {
    return this.#models.values();
  }
}

function told<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
