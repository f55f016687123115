import { type CircuitBreakerOptions, ConfigurationError } from "../../core/index.ts";
import type { Embedder } from "../../retrieval/index.ts";
import { Member, type MemberOptions, type MemberState } from "./member.ts";
import { Pool } from "./pool.ts";

/** One endpoint of an {@link embedderPool}. */
export interface EmbedderPoolMember extends MemberOptions {
  embedder: Embedder;
  /** Texts it is given at once. Default 32. */
  batchSize?: number | undefined;
}

/** Options of {@link embedderPool}. */
export interface EmbedderPoolOptions {
  /** Batches under way at once for one call of `embed`. Default 4. */
  workers?: number | undefined;
  /** When an endpoint is ejected, and for how long. Default: after 3 outages in a row, for 10 seconds. */
  breaker?: CircuitBreakerOptions | undefined;
}

/** Many endpoints as one embedder; made by {@link embedderPool}. */
export interface EmbedderPool extends Embedder {
  /** How each endpoint does, in the order they were given; `latency` is of one text. */
  readonly members: readonly MemberState[];
}

/**
 * Many endpoints as one embedder: batches of texts, each of the size its endpoint wants, go to whichever endpoint a
 * text waits least at, and the vectors come in the order of the texts. Endpoints are chosen, ejected and taken back as
 * those of {@link pool}.
 *
 * @throws ConfigurationError where the embedders differ in `identity`: vectors of different models cannot be compared.
 * Endpoints that serve one model are given one: `endpointEmbedder({ …, identity: "bge-m3" })`.
 */
export function embedderPool(
  members: readonly (Embedder | EmbedderPoolMember)[],
  { workers = 4, breaker }: EmbedderPoolOptions = {},
): EmbedderPool {
  const given = members.map((member) => ("embedder" in member ? member : { embedder: member }));
  const identities = new Set(given.map(({ embedder }) => embedder.identity));
  if (identities.size > 1) {
    throw new ConfigurationError(
      `the embedders of a pool must be one model, found ${[...identities].join(" and ")}; where they are, give each ` +
        `the same \`identity\``,
    );
  }
  for (const [name, value] of [
    ["workers", workers],
    ...given.map(({ batchSize }) => ["batchSize", batchSize]),
  ]) {
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 1))
      throw new ConfigurationError(`invalid ${name}: ${value}, expected a whole number of at least 1`);
  }
  const endpoints = new Pool(
    given.map(({ embedder, batchSize = 32, ...use }) => {
      return new Member(embedder.name, { embedder, batchSize }, use, breaker);
    }),
  );
  const { name, identity } = given[0]!.embedder;

  return {
    name,
    identity,
    get members() {
      return endpoints.states;
    },
    async embed(texts, { signal } = {}) {
      const vectors = new Array<Float32Array>(texts.length);
      let next = 0;
      const work = async () => {
        while (next < texts.length) {
          let batch: { start: number; texts: readonly string[] } | undefined;
          const largest = Math.max(...given.map(({ batchSize = 32 }) => batchSize));
          const tokens = estimate(texts.slice(next, next + largest));
          const found = await endpoints.run(
            { tokens, size: Math.min(largest, texts.length - next), signal },
            async ({ resource: { embedder, batchSize } }) => {
              // Cut once it is known who takes it; another that must answer in its place takes it whole.
              batch ??= { start: next, texts: texts.slice(next, (next += batchSize)) };
              // Others may have taken the last texts while this one waited for a place.
              return batch.texts.length === 0 ? [] : embedder.embed(batch.texts, { signal });
            },
            () => undefined,
          );
          for (const [place, vector] of found.entries()) vectors[batch!.start + place] = vector;
        }
      };
      await Promise.all(Array.from({ length: workers }, work));
      return vectors;
    },
  };
}

/** Four characters a token, as is usual for English. */
function estimate(texts: readonly string[]): number {
  return Math.ceil(texts.reduce((sum, { length }) => sum + length, 0) / 4);
}
