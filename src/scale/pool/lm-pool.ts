import { type CircuitBreakerOptions, ConfigurationError } from "../../core/index.ts";
import type {
  Abilities,
  CallOptions,
  LanguageModel,
  LMChunk,
  LMRequest,
  LMResponse,
} from "../../lm/index.ts";
import { estimateTokens } from "../../lm/limits.ts";
import { tracedCall, tracedChunks } from "../../lm/trace.ts";
import { hedged } from "./hedge.ts";
import { Member, type MemberOptions, type MemberState } from "./member.ts";
import { Pool, type Want } from "./pool.ts";

/** One endpoint of a {@link pool}. */
export interface LMPoolMember extends MemberOptions {
  /** Without retries of its own (`new OpenAIModel`), so that the pool asks another at once. */
  lm: LanguageModel;
}

/** Options of {@link pool}. */
export interface LMPoolOptions {
  /** Default: the name its endpoints share, else all their names. */
  name?: string | undefined;
  /**
   * Models of one identity give interchangeable answers. Default: told by the identities of all endpoints. Give one
   * of your own where all serve the same weights, so that what was cached stays found as endpoints come and go.
   */
  identity?: string | undefined;
  /** When an endpoint is ejected, and for how long. Default: after 3 outages in a row, for 10 seconds. */
  breaker?: CircuitBreakerOptions | undefined;
  /**
   * Seconds after which a second endpoint is asked beside the first; the answer that comes first counts, and the other
   * call is given up (Dean and Barroso 2013, "The Tail at Scale"). Such calls may be paid for twice. Default: never.
   */
  hedgeAfter?: number | undefined;
}

/** Many endpoints as one model; made by {@link pool}. */
export interface LMPool extends LanguageModel {
  /** How each endpoint does, in the order they were given. */
  readonly members: readonly MemberState[];
}

/**
 * Many endpoints as one model. Each call goes to the endpoint where it waits least, reckoned by how long calls take
 * there and how many are under way; one that fails is asked of another at once, each endpoint being asked once. An
 * endpoint that keeps failing, or whose key is wrong, is ejected, and comes back once a single call found it well. A
 * request that an endpoint declines (RefusedError, TooLongError) is declined: the others would say the same.
 *
 * Wrapped in `lm`, it has a cache, and retries where every endpoint failed:
 *
 * ```ts
 * const fleet = lm(pool([
 *   { lm: new OpenAIModel({ baseURL: "http://gpu-1:8000/v1", model: "m" }), weight: 2 },
 *   { lm: new OpenAIModel({ baseURL: "http://gpu-2:8000/v1", model: "m" }), limits: { concurrency: 8 } },
 * ]));
 * ```
 *
 * @throws ConfigurationError for no endpoints, and settings that cannot be.
 */
export function pool(
  members: readonly (LanguageModel | LMPoolMember)[],
  options: LMPoolOptions = {},
): LMPool {
  const given = members.map((member) => ("lm" in member ? member : { lm: member }));
  const names = unique(given.map(({ lm }) => lm.name));
  const {
    name = names.join(", "),
    identity = `pool of ${unique(given.map(({ lm }) => lm.identity)).join("; ")}`,
    breaker,
    hedgeAfter,
  } = options;
  if (hedgeAfter !== undefined && !(hedgeAfter > 0))
    throw new ConfigurationError(`invalid hedgeAfter: ${hedgeAfter}, expected seconds > 0`);
  const endpoints = new Pool(given.map(({ lm, ...use }) => new Member(lm.name, lm, use, breaker)));
  const concurrencies = given.map(({ lm, limits }) => limits?.concurrency ?? lm.concurrency);

  const ask = (request: LMRequest, call: CallOptions, tried: Set<Member<LanguageModel>>) =>
    endpoints.run(
      wantOf(request, call.signal),
      // Known as tried from the start, so that a hedge goes elsewhere.
      (member) => (tried.add(member), member.resource.complete(request, call)),
      tokensOf,
      tried,
    );

  return {
    name,
    identity,
    abilities: sharedAbilities(given.map(({ lm }) => lm.abilities)),
    concurrency: concurrencies.reduce<number | undefined>(
      (sum, places) => (sum === undefined || places === undefined ? undefined : sum + places),
      0,
    ),
    get members() {
      return endpoints.states;
    },
    complete: (request, call = {}) =>
      tracedCall(name, request, () => {
        const tried = new Set<Member<LanguageModel>>();
        if (hedgeAfter === undefined) return ask(request, call, tried);
        return hedged((signal) => ask(request, { ...call, signal }, tried), {
          after: hedgeAfter * 1000,
          worthwhile: () => tried.size < given.length && endpoints.hasSpare(tried),
          signal: call.signal,
        });
      }),
    stream: (request, call = {}) => tracedChunks(name, request, () => streamed(endpoints, request, call)),
  };
}

/** Streams from the first endpoint that sends a piece; what fails after that cannot be asked of another. */
async function* streamed(
  endpoints: Pool<LanguageModel>,
  request: LMRequest,
  call: CallOptions,
): AsyncGenerator<LMChunk, LMResponse> {
  const want = wantOf(request, call.signal);
  const tried = new Set<Member<LanguageModel>>();
  for (;;) {
    const lease = await endpoints.enter(want, tried);
    tried.add(lease.member);
    const chunks = lease.member.resource.stream(request, call);
    let outcome: { tokens: number | undefined } | { error: unknown } = { tokens: undefined };
    let begun = false;
    try {
      for (;;) {
        const step = await chunks.next();
        if (step.done) {
          outcome = { tokens: tokensOf(step.value) };
          return step.value;
        }
        begun = true;
        yield step.value;
      }
    } catch (error) {
      outcome = { error };
      const another = endpoints.release(lease, want, outcome);
      if (begun || !another || tried.size >= endpoints.states.length) throw error;
    } finally {
      // Here, so that a reader who leaves early gives the place back too.
      if (!("error" in outcome)) endpoints.release(lease, want, outcome);
      await chunks.return(undefined as never);
    }
  }
}

function wantOf(request: LMRequest, signal: AbortSignal | undefined): Want {
  return { tokens: estimateTokens(request), signal };
}

function tokensOf({ usage }: LMResponse): number {
  return usage.inputTokens + usage.outputTokens;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

/**
 * What any endpoint may be asked: what one lacks the pool lacks. Looked up anew each time, for endpoints learn; what is
 * learned of the pool is written to all of them that do not know yet.
 */
function sharedAbilities(all: readonly Abilities[]): Abilities {
  const shared = {} as Abilities;
  for (const ability of ["jsonSchema", "tools", "logprobs"] as const) {
    Object.defineProperty(shared, ability, {
      enumerable: true,
      get: () => {
        if (all.some((abilities) => abilities[ability] === false)) return false;
        return all.every((abilities) => abilities[ability] === true) ? true : undefined;
      },
      set: (value: boolean | undefined) => {
        for (const abilities of all)
          if (value === false || abilities[ability] === undefined) abilities[ability] = value;
      },
    });
  }
  return shared;
}
