import { type CircuitBreakerOptions, ConfigurationError, Semaphore } from "../../core/index.ts";
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
      const largest = Math.max(...given.map(({ batchSize = 32 }) => batchSize));
      /** Waits for a place, and takes as much of `left` as goes there; undefined where nothing is left by then. */
      const take = async (left: Left, tried: ReadonlySet<EmbedderMember>, failure: Error | undefined) => {
        if (left.start >= left.end) return undefined;
        const { start } = left;
        const most = Math.min(left.end, start + largest);
        const want = { tokens: estimate(texts.slice(start, most)), size: most - start, signal };
        const lease = await endpoints.enter(want, tried, failure);
        left.start = Math.min(left.end, start + lease.member.resource.batchSize);
        return { lease, want, start, end: left.start };
      };
      const work = async (left: Left, tried: ReadonlySet<EmbedderMember>, failure?: Error) => {
        for (;;) {
          // One at a time, so that none is given a place that it has no texts for.
          const batch = await left.turn.run(() => take(left, tried, failure));
          if (batch === undefined) return;
          const { lease, want, start, end } = batch;
          let found: readonly Float32Array[];
          try {
            found = await lease.member.resource.embedder.embed(texts.slice(start, end), { signal });
          } catch (error) {
            const another = endpoints.release(lease, want, { error });
            const asked = new Set([...tried, lease.member]);
            if (!another || asked.size >= given.length) throw error;
            // Whoever answers in its place may want smaller batches.
            await work({ start, end, turn: new Semaphore(1) }, asked, error as Error);
            continue;
          }
          endpoints.release(lease, want, { tokens: undefined });
          for (const [place, vector] of found.entries()) vectors[start + place] = vector;
        }
      };
      const all = { start: 0, end: texts.length, turn: new Semaphore(1) };
      await Promise.all(Array.from({ length: workers }, () => work(all, new Set())));
      return vectors;
    },
  };
}

type EmbedderMember = Member<{ embedder: Embedder; batchSize: number }>;

/** Texts that nobody has taken yet. */
interface Left {
  start: number;
  end: number;
  turn: Semaphore;
}

/** Four characters a token, as is usual for English. */
function estimate(texts: readonly string[]): number {
  return Math.ceil(texts.reduce((sum, { length }) => sum + length, 0) / 4);
}
