import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, test, vi } from "vitest";
import { RateLimitError } from "../../src/core/index.ts";
import { FunctionModel, limited, type LMRequest } from "../../src/lm/index.ts";
import { Gate } from "../../src/lm/gate.ts";

const request = (content: string): LMRequest => ({ messages: [{ role: "user", content }] });

afterEach(() => {
  vi.useRealTimers();
});

const fakeTime = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });

describe("limited", () => {
  test("keeps to the concurrency and serves in the order of asking", async () => {
    let under = 0;
    let peak = 0;
    const order: string[] = [];
    const model = limited(
      new FunctionModel(async ({ messages }) => {
        order.push(messages[0]!.content as string);
        peak = Math.max(peak, ++under);
        await new Promise((resolve) => setTimeout(resolve, 2));
        under--;
        return "ok";
      }),
      { concurrency: 3 },
    );
    const asked = Array.from({ length: 20 }, (_, index) => `${index}`);
    await Promise.all(asked.map((content) => model.complete(request(content))));
    expect(peak).toBe(3);
    expect(order).toEqual(asked);
  });

  test("a call that waited runs in its own caller's context", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: [string, string | undefined][] = [];
    const model = limited(
      new FunctionModel(async ({ messages }) => {
        await Promise.resolve();
        seen.push([messages[0]!.content as string, storage.getStore()]);
        return "ok";
      }),
      { concurrency: 1 },
    );
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => storage.run(name, () => model.complete(request(name)))));
    expect(seen).toEqual(names.map((name) => [name, name]));
  });

  test("one that aborts while it waits leaves the queue, and the others move on", async () => {
    let release: () => void = () => undefined;
    let calls = 0;
    const model = limited(
      new FunctionModel(async () => {
        calls++;
        await new Promise<void>((resolve) => (release = resolve));
        return "ok";
      }),
      { concurrency: 1 },
    );
    const first = model.complete(request("1"));
    const controller = new AbortController();
    const second = model.complete(request("2"), { signal: controller.signal });
    const third = model.complete(request("3"));
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    release();
    await first;
    await vi.waitFor(() => expect(calls).toBe(2));
    release();
    await third;
    expect(calls).toBe(2);
  });

  test("a stream that is left early gives its place back", async () => {
    const model = limited(new FunctionModel(() => "a b c d"), { concurrency: 1 });
    for await (const chunk of model.stream(request("1"))) {
      expect(chunk.text).toBe("a");
      break;
    }
    expect((await model.complete(request("2"))).choices[0]!.text).toBe("a b c d");
  });

  test("requests per minute: never more than the limit within any 60 seconds", async () => {
    fakeTime();
    const times: number[] = [];
    const model = limited(
      new FunctionModel(() => {
        times.push(performance.now());
        return "ok";
      }),
      { requestsPerMinute: 5 },
    );
    const all = Promise.all(Array.from({ length: 12 }, () => model.complete(request("x"))));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(times).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(100_000);
    await all;
    expect(times).toHaveLength(12);
    times.forEach((time, index) => {
      if (index >= 5) expect(time - times[index - 5]!).toBeGreaterThanOrEqual(60_000);
    });
  });

  test("tokens per minute: estimated before, corrected by what was used", async () => {
    fakeTime();
    let calls = 0;
    const model = limited(
      new FunctionModel(() => {
        calls++;
        return { usage: { inputTokens: 90, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0 } };
      }),
      { tokensPerMinute: 100 },
    );
    // 10 tokens by estimate, 90 in truth: the next must wait.
    await model.complete(request("x".repeat(40)));
    const second = model.complete(request("x".repeat(80)));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    await second;
    expect(calls).toBe(2);
    // More than the whole limit still goes, alone.
    const huge = model.complete(request("x".repeat(4000)));
    await vi.advanceTimersByTimeAsync(61_000);
    await huge;
  });

  test("a Retry-After holds up everyone", async () => {
    fakeTime();
    const times: number[] = [];
    const model = limited(
      new FunctionModel(() => {
        times.push(performance.now());
        if (times.length === 1) throw new RateLimitError("slow", { retryAfter: 5 });
        return "ok";
      }),
    );
    await expect(model.complete(request("1"))).rejects.toThrow("slow");
    const others = Promise.all([model.complete(request("2")), model.complete(request("3"))]);
    await vi.advanceTimersByTimeAsync(4900);
    expect(times).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await others;
    expect(times).toHaveLength(3);
  });

  test.each(["concurrency", "requestsPerMinute", "tokensPerMinute"])(
    "a %s of 0 is refused by name",
    (name) => {
      expect(() => limited(new FunctionModel(() => "x"), { [name]: 0 })).toThrow(`invalid ${name}: 0`);
    },
  );
});

describe("adapting to 429", () => {
  const refusal = new RateLimitError("slow");

  test("one crowd of refusals halves the limit once; the next crowd halves it again", async () => {
    const gate = new Gate({});
    const crowd = await Promise.all(Array.from({ length: 16 }, () => gate.enter(0, undefined)));
    crowd.forEach((pass) => gate.fail(pass, refusal));
    expect(gate.limit).toBe(8);
    const next = await Promise.all(Array.from({ length: 8 }, () => gate.enter(0, undefined)));
    next.forEach((pass) => gate.fail(pass, refusal));
    expect(gate.limit).toBe(4);
  });

  test("grows back by one for each round of successes, up to what was asked for", async () => {
    const gate = new Gate({ concurrency: 8 });
    gate.fail(await gate.enter(0, undefined), refusal);
    expect(gate.limit).toBe(1);
    const limits: number[] = [];
    for (let i = 0; i < 60; i++) {
      gate.leave(await gate.enter(0, undefined), undefined);
      limits.push(gate.limit);
    }
    expect(limits[0]).toBe(2);
    expect(limits[1]).toBe(2);
    expect(new Set(limits)).toEqual(new Set([2, 3, 4, 5, 6, 7, 8]));
    expect(limits.at(-1)).toBe(8);
  });

  test("never falls below one call at a time", async () => {
    const gate = new Gate({ concurrency: 2 });
    for (let i = 0; i < 5; i++) gate.fail(await gate.enter(0, undefined), refusal);
    expect(gate.limit).toBe(1);
  });
});
