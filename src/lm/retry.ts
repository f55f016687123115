import { RateLimitError, UnreachableError } from "../core/index.ts";
import { layer } from "./layer.ts";
import type { LanguageModel, LMChunk, LMRequest, LMResponse } from "./request.ts";
import { noteAttempts } from "./trace.ts";

/** Options of `retrying`. */
export interface RetryOptions {
  /**
   * How often a call is tried in all. Default 10: where 30 % of calls fail, one in 170,000 is lost, and an
   * endpoint that is down is given up after about 20 seconds.
   */
  attempts?: number | undefined;
  /** Seconds of the first wait at most; each next one may be twice as long. Default 0.25. */
  firstWait?: number | undefined;
  /** Seconds of any wait at most, where the endpoint does not ask for a longer one. Default 8. */
  longestWait?: number | undefined;
  /** Seconds an endpoint may ask to wait; where it asks for more the call fails at once. Default 120. */
  patience?: number | undefined;
}

/**
 * Tries calls again that failed in a way that can pass: rate limits and outages. Waits grow exponentially with
 * full jitter, so that callers who failed together do not come back together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and are never shorter than
 * `Retry-After`. A stream is tried again only until its first piece.
 */
export function retrying(model: LanguageModel, options: RetryOptions = {}): LanguageModel {
  return layer(model, {
    async complete(request, call = {}) {
      const started = performance.now();
      const response = await retry(
        (attempt) => {
          if (attempt > 1) noteAttempts(request, attempt);
          return model.complete(request, call);
        },
        options,
        call.signal,
      );
      return timed(response, started);
    },
    async *stream(request, call = {}) {
      const started = performance.now();
      const { first, rest } = await retry(
        (attempt) => open(model, request, call, attempt),
        options,
        call.signal,
      );
      try {
        let step = first;
        for (; !step.done; step = await rest.next()) {
          const chunk = step.value;
          yield chunk.response ? { ...chunk, response: timed(chunk.response, started) } : chunk;
        }
        return timed(step.value, started);
      } finally {
        await rest.return(undefined as never);
      }
    },
  });
}

async function open(
  model: LanguageModel,
  request: LMRequest,
  call: Parameters<LanguageModel["stream"]>[1],
  attempt: number,
): Promise<{ first: IteratorResult<LMChunk, LMResponse>; rest: AsyncGenerator<LMChunk, LMResponse> }> {
  if (attempt > 1) noteAttempts(request, attempt);
  const rest = model.stream(request, call);
  return { first: await rest.next(), rest };
}

/** The time a caller waited is that of all attempts. An answer from a cache took none. */
function timed(response: LMResponse, started: number): LMResponse {
  return response.cached ? response : { ...response, seconds: (performance.now() - started) / 1000 };
}

/** Runs `call` until it succeeds, fails in a way that cannot pass, or was tried often enough. */
export async function retry<T>(
  call: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
  signal?: AbortSignal,
): Promise<T> {
  const { attempts = 10, firstWait = 0.25, longestWait = 8, patience = 120 } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(attempt);
    } catch (error) {
      if (!(error instanceof RateLimitError || error instanceof UnreachableError)) throw error;
      const asked = error.retryAfter ?? 0;
      if (attempt >= attempts || asked > patience) throw error;
      const jitter = Math.random() * Math.min(longestWait, firstWait * 2 ** (attempt - 1));
      await pause(asked + jitter, signal);
    }
  }
}

/** Resolves after the time; rejects with the caller's reason as soon as the signal aborts. */
function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
