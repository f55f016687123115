import type { CacheStore } from "./cache-store.ts";
import { layer } from "./layer.ts";
import type { CallOptions, LanguageModel, LMRequest, LMResponse } from "./request.ts";
import { requestKey } from "./request-key.ts";

/** A call that is under way, and those who wait for its answer. */
interface Flight {
  answer: Promise<LMResponse>;
  /** Ends the call of the model; undefined until one is made. */
  controller: AbortController | undefined;
  waiting: number;
}

/**
 * Answers from `store` what was asked before: the same request of a model of the same identity. As in DSPy that
 * holds at any temperature; a new `rollout` asks anew, and `cache: false` in a call passes by. Equal calls at the
 * same time are one call, which ends early only when all who wait for it abort. Failures are never kept. Calls of
 * different audiences find nothing of each other. An answer from the cache costs 0, took 0 seconds and says `cached`.
 */
export function cached(model: LanguageModel, store: CacheStore): LanguageModel {
  const flights = new Map<string, Flight>();

  const launch = (key: string, request: LMRequest, options: CallOptions): Flight => {
    const fetchAnswer = async (flight: Omit<Flight, "answer">): Promise<LMResponse> => {
      const kept = await store.get(key);
      if (kept) return free(kept);
      if (flight.waiting === 0) throw new Error("nobody waits for the answer any more");
      flight.controller = new AbortController();
      const response = await model.complete(request, { ...options, signal: flight.controller.signal });
      await store.set(key, response);
      return response;
    };
    const begun = { controller: undefined, waiting: 0 };
    const flight: Flight = Object.assign(begun, { answer: fetchAnswer(begun) });
    flights.set(key, flight);
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    flight.answer.then(land, land);
    return flight;
  };

  const board = (flight: Flight, key: string, signal: AbortSignal | undefined): Promise<LMResponse> => {
    flight.waiting++;
    if (!signal) return flight.answer;
    return new Promise<LMResponse>((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason as Error);
        if (--flight.waiting > 0) return;
        // Nobody waits any more; whoever asks from now on starts afresh.
        if (flights.get(key) === flight) flights.delete(key);
        flight.controller?.abort(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      flight.answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    });
  };

  return layer(model, {
    async complete(request, options = {}) {
      if (options.cache === false) return model.complete(request, options);
      options.signal?.throwIfAborted();
      const key = requestKey(model.identity, request, options.audience);
      const joined = flights.get(key);
      if (joined) return free(await board(joined, key, options.signal));
      return board(launch(key, request, options), key, options.signal);
    },
    async *stream(request, options = {}) {
      if (options.cache === false) return yield* model.stream(request, options);
      options.signal?.throwIfAborted();
      const key = requestKey(model.identity, request, options.audience);
      const kept = await store.get(key);
      if (kept) {
        const response = free(kept);
        const { text, reasoning } = response.choices[0]!;
        yield { text, reasoning, response };
        return response;
      }
      const response = yield* model.stream(request, options);
      await store.set(key, response);
      return response;
    },
  });
}

function free(response: LMResponse): LMResponse {
  return { ...response, cost: 0, seconds: 0, cached: true };
}
