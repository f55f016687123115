import { createHash } from "node:crypto";
import { ConfigurationError, mapOrdered, ModelError } from "../../core/index.ts";
import type { CacheStore, EndpointOptions, LimitOptions, RetryOptions } from "../../lm/index.ts";
import { diskStore } from "../../lm/disk-store.ts";
import { Endpoint } from "../../lm/endpoint.ts";
import { Gate } from "../../lm/gate.ts";
import { boundedStore } from "../../lm/memory-store.ts";
import { readAnswer } from "../../lm/read-answer.ts";
import { retry } from "../../lm/retry.ts";
import { callSettings, forModel } from "../../modules/call-settings.ts";
import type { Embedder } from "./embedder.ts";
import { normalise } from "./normalise.ts";

/** Options of {@link endpointEmbedder}. */
export interface EndpointEmbedderOptions extends EndpointOptions {
  readonly model: string;
  /** Numbers of a vector, for models that can give fewer than they would. */
  readonly dimensions?: number | undefined;
  /** Texts of one request. Default 64. */
  readonly batchSize?: number | undefined;
  /**
   * Where vectors are kept. Default true: in this process, shared by all embedders. A directory keeps them on disk.
   * Calls on behalf of different sets of groups find nothing of each other's: no time tells what others asked.
   */
  readonly cache?: boolean | { readonly directory: string } | undefined;
  /** How requests that failed are tried again. */
  readonly retry?: RetryOptions | undefined;
  /** Default: 8 requests under way at once. */
  readonly limits?: LimitOptions | undefined;
  /** What vectors depend on, where address and model do not tell: the file of a local model. */
  readonly identity?: string | undefined;
}

/** Vectors as text, by the hash of embedder, text and audience. */
const sharedStore = boundedStore<string>({}, (vector) => vector.length);

/**
 * An embedder behind any OpenAI-compatible endpoint (`/embeddings`): of OpenAI, a gateway, or a server on this
 * machine. Texts are sent in batches, each text once; vectors are cached; requests are limited and tried again as
 * those of language models are, and end in the same errors.
 *
 * ```ts
 * endpointEmbedder({ model: "text-embedding-3-small", cache: { directory: ".cache/vectors" } });
 * ```
 *
 * @throws ConfigurationError for settings that cannot be. `embed` throws ModelError for an answer that does not hold
 * one vector for each text, of finite numbers, and of one dimension.
 */
export function endpointEmbedder(options: EndpointEmbedderOptions): Embedder {
  const { model, dimensions, batchSize = 64, cache = true } = options;
  if (!model) throw new ConfigurationError("no embedding model named: give `model`");
  for (const [name, value] of Object.entries({ dimensions, batchSize })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new ConfigurationError(`invalid ${name}: ${value}, expected a whole number of at least 1`);
  }
  const endpoint = new Endpoint(options);
  const { concurrency = 8, ...perMinute } = options.limits ?? {};
  const gate = new Gate({ concurrency, ...perMinute });
  const store = storeOf(cache);
  const shortened = dimensions === undefined ? "" : ` ${dimensions} dimensions`;
  const identity = `${options.identity ?? `${endpoint.address} ${model}`}${shortened}`;
  let dimension = dimensions;

  const request = async (texts: readonly string[], signal: AbortSignal | undefined) => {
    const pass = await gate.enter(Math.ceil(texts.join("").length / 4), signal);
    try {
      const answer = await endpoint.call(signal, async (client, deadline) => {
        const body = {
          model,
          input: [...texts],
          encoding_format: "float" as const,
          ...(dimensions !== undefined && { dimensions }),
        };
        const found: unknown = await client.embeddings.create(body, { signal: deadline.signal });
        return readAnswer<EmbeddingAnswer>(found, "data", endpoint);
      });
      gate.leave(pass, answer.usage?.total_tokens);
      return answer;
    } catch (error) {
      gate.fail(pass, error);
      throw error;
    }
  };

  const fetchBatch = async (texts: readonly string[], signal: AbortSignal | undefined) => {
    // An empty text is refused by many endpoints, and what it would be has no meaning: it is zeroed below.
    const asked = texts.map((text) => (isBlank(text) ? "." : text));
    const answer = await retry(() => request(asked, signal), options.retry, signal);
    const vectors = readVectors(answer, texts.length, endpoint.address);
    for (const [index, vector] of vectors.entries()) {
      dimension ??= vector.length;
      if (vector.length !== dimension)
        throw new ModelError(
          `${endpoint.address} gave a vector of ${vector.length} numbers; those before, or as asked for, have ${dimension}`,
        );
      if (isBlank(texts[index]!)) vector.fill(0);
      else normalise(vector);
    }
    return vectors;
  };

  return {
    name: model,
    identity,
    async embed(texts, { signal } = {}) {
      signal?.throwIfAborted();
      const { audience } = forModel(callSettings()).options;
      const known = new Map<string, Float32Array>();
      for (const text of new Set(texts)) {
        const vector = decode(await store?.get(keyOf(identity, text, audience)), dimension);
        if (vector) known.set(text, vector);
      }
      const missing = [...new Set(texts)].filter((text) => !known.has(text));
      const batches = Array.from({ length: Math.ceil(missing.length / batchSize) }, (_, index) =>
        missing.slice(index * batchSize, (index + 1) * batchSize),
      );
      const fetched = mapOrdered(batches, (batch) => fetchBatch(batch, signal), { concurrency, signal });
      let place = 0;
      for await (const vectors of fetched) {
        for (const vector of vectors) {
          const text = missing[place++]!;
          known.set(text, vector);
          await store?.set(keyOf(identity, text, audience), encode(vector));
        }
      }
      // A copy for each: what a caller does to one changes no other.
      return texts.map((text) => known.get(text)!.slice());
    },
  };
}

function storeOf(cache: boolean | { readonly directory: string }): CacheStore<string> | undefined {
  if (typeof cache === "object") return diskStore<string>(cache.directory);
  return cache ? sharedStore : undefined;
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

interface EmbeddingAnswer {
  data?: { index?: unknown; embedding?: unknown }[];
  usage?: { total_tokens?: number };
}

/** The vectors in the order of their texts. Some endpoints give them in another, and say so by `index`. */
function readVectors({ data }: EmbeddingAnswer, count: number, address: string): Float32Array[] {
  const wrong = (found: string) => new ModelError(`${address} gave ${found}; is it an embedding model?`);
  if (!Array.isArray(data)) throw wrong("no list of vectors");
  if (data.length !== count) throw wrong(`${data.length} vectors for ${count} texts`);
  const vectors = new Array<Float32Array | undefined>(count);
  for (const [position, entry] of data.entries()) {
    const { index = position, embedding } = entry ?? {};
    const place = Number.isInteger(index) ? (index as number) : -1;
    if (place < 0 || place >= count || vectors[place])
      throw wrong(`vectors whose order cannot be told (index ${JSON.stringify(index)})`);
    if (!Array.isArray(embedding) || embedding.length === 0 || !embedding.every(Number.isFinite))
      throw wrong("a vector that is no list of finite numbers");
    vectors[place] = Float32Array.from(embedding as number[]);
  }
  return vectors as Float32Array[];
}

function keyOf(identity: string, text: string, audience: string | undefined): string {
  return createHash("sha256")
    .update(JSON.stringify([identity, text, ...(audience === undefined ? [] : [audience])]))
    .digest("hex");
}

function encode(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}

/** Undefined for what is not there, or is no vector of ours: a file can be spoilt. */
function decode(kept: unknown, dimension: number | undefined): Float32Array | undefined {
  if (typeof kept !== "string") return undefined;
  const bytes = new Uint8Array(Buffer.from(kept, "base64"));
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  const vector = new Float32Array(bytes.buffer);
  return (dimension === undefined || vector.length === dimension) && vector.every(Number.isFinite)
    ? vector
    : undefined;
}
