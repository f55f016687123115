import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ConfigurationError,
  listen,
  RateLimitError,
  RefusedError,
  type Span,
  UnreachableError,
} from "../../src/core/index.ts";
import { FunctionModel, type LanguageModel, type LMRequest, retrying } from "../../src/lm/index.ts";

const request: LMRequest = { messages: [{ role: "user", content: "hi" }] };

/** A model that throws these in turn and then answers. */
function failing(...errors: Error[]) {
  const times: number[] = [];
  const model = new FunctionModel(() => {
    times.push(Date.now());
    const error = errors.shift();
    if (error) throw error;
    return "well";
  });
  return { model, times };
}

const outages = (count: number) => Array.from({ length: count }, () => new UnreachableError("down"));

describe("retrying", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Lets time pass until the promise settles. */
  async function settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    while (!settled) await vi.advanceTimersByTimeAsync(10);
    return promise;
  }

  test("waits twice as long each time, up to the longest wait, times a random share", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const { model, times } = failing(...outages(5));
    await settle(retrying(model, { firstWait: 1, longestWait: 4 }).complete(request));
    const waits = times.slice(1).map((time, index) => Math.round((time - times[index]!) / 1000));
    expect(waits).toEqual([1, 2, 4, 4, 4]);
    vi.spyOn(Math, "random").mockReturnValue(0);
    const eager = failing(...outages(2));
    const start = Date.now();
    await settle(retrying(eager.model).complete(request));
    expect(Date.now() - start).toBeLessThan(50);
  });

  test.each([
    new RateLimitError("slow", { retryAfter: 3 }),
    new UnreachableError("being mended", { status: 503, retryAfter: 3 }),
  ])("never comes back before Retry-After: $message", async (error) => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { model, times } = failing(error);
    const response = await settle(retrying(model).complete(request));
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(3000);
    expect(response.seconds).toBeGreaterThanOrEqual(3);
  });

  test("fails at once where the endpoint asks for more than the patience", async () => {
    const { model, times } = failing(new RateLimitError("tomorrow", { retryAfter: 86_400 }));
    await expect(settle(retrying(model).complete(request))).rejects.toThrow("tomorrow");
    expect(times).toHaveLength(1);
  });

  test("gives up after the attempts, with the last error", async () => {
    const { model, times } = failing(...outages(9));
    await expect(settle(retrying(model, { attempts: 4 }).complete(request))).rejects.toThrow("down");
    expect(times).toHaveLength(4);
  });

  test.each([new ConfigurationError("key"), new RefusedError("no"), new TypeError("bug")])(
    "what cannot pass is not tried again: %s",
    async (error) => {
      const { model, times } = failing(error);
      await expect(settle(retrying(model).complete(request))).rejects.toBe(error);
      expect(times).toHaveLength(1);
    },
  );

  test("an abort ends the wait at once, with the caller's reason", async () => {
    const { model, times } = failing(new RateLimitError("slow", { retryAfter: 60 }));
    const controller = new AbortController();
    const call = retrying(model).complete(request, { signal: controller.signal });
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 1000);
    await expect(settle(call)).rejects.toBe(reason);
    expect(times).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a stream is tried again until its first piece, and not after", async () => {
    const { model, times } = failing(...outages(2));
    const read = async (stream: AsyncGenerator<{ text: string }>) => {
      let text = "";
      for await (const chunk of stream) text += chunk.text;
      return text;
    };
    expect(await settle(read(retrying(model).stream(request)))).toBe("well");
    expect(times).toHaveLength(3);

    let opened = 0;
    const { name, identity, abilities } = model;
    const halfway: LanguageModel = {
      name,
      identity,
      abilities,
      complete: () => expect.fail("nobody asks for the whole"),
      stream: async function* () {
        opened++;
        yield { text: "half" };
        throw new UnreachableError("cut");
      },
    };
    await expect(settle(read(retrying(halfway).stream(request)))).rejects.toThrow("cut");
    expect(opened).toBe(1);
  });

  test("one span covers all attempts and counts them", async () => {
    const spans: Span[] = [];
    const stop = listen({ end: (span) => spans.push(span) }, ["model"]);
    const { model } = failing(...outages(2));
    await settle(retrying(model).complete(request));
    stop();
    expect(spans).toHaveLength(1);
    expect(spans[0]!.attributes).toMatchObject({ attempts: 3, cost: 0, cached: false });
  });
});
