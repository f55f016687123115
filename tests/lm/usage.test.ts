import { describe, expect, test } from "vitest";
import { record, type Span, traced } from "../../src/core/index.ts";
import {
  cached,
  FunctionModel,
  type LMRequest,
  memoryStore,
  meterUsage,
  retrying,
  usageOf,
} from "../../src/lm/index.ts";

const ask = (content: string): LMRequest => ({ messages: [{ role: "user", content }] });

const model = (cost: number | null) =>
  new FunctionModel(() => ({
    cost,
    seconds: 0.5,
    usage: { inputTokens: 10, outputTokens: 2, cachedTokens: 4, reasoningTokens: 1 },
  }));

describe("meterUsage", () => {
  test("adds up every call within, through any layers, once", async () => {
    const lm = cached(model(0.25), memoryStore());
    const { value, usage } = await meterUsage(async () => {
      await Promise.all([lm.complete(ask("a")), lm.complete(ask("b"))]);
      await traced("module", "Predict", {}, () => lm.complete(ask("a")));
      for await (const _chunk of lm.stream(ask("c")));
      return "done";
    });
    expect(value).toBe("done");
    expect(usage).toEqual({
      calls: 4,
      cachedCalls: 1,
      failedCalls: 0,
      usage: { inputTokens: 30, outputTokens: 6, cachedTokens: 12, reasoningTokens: 3 },
      cost: 0.75,
      seconds: 1.5,
    });
  });

  test("one unknown price makes the cost unknown, never 0", async () => {
    const { usage } = await meterUsage(async () => {
      await model(1).complete(ask("a"));
      await model(null).complete(ask("b"));
      await model(1).complete(ask("c"));
    });
    expect(usage.cost).toBeNull();
    expect(usage.usage.inputTokens).toBe(30);
  });

  test("scopes nest, and scopes side by side are apart", async () => {
    const lm = model(1);
    const { usage } = await meterUsage(async () => {
      const inner = await Promise.all(
        [1, 2, 3].map((count) =>
          meterUsage(async () => {
            for (let i = 0; i < count; i++) await lm.complete(ask(`${count} ${i}`));
          }),
        ),
      );
      expect(inner.map(({ usage }) => usage.calls)).toEqual([1, 2, 3]);
    });
    expect(usage.calls).toBe(6);
    await lm.complete(ask("after"));
    expect(usage.calls).toBe(6);
  });

  test("failed calls are counted, and cost nothing", async () => {
    const broken = new FunctionModel(() => {
      throw new Error("no");
    });
    const { usage } = await meterUsage(() =>
      retrying(broken)
        .complete(ask("x"))
        .catch(() => undefined),
    );
    expect(usage).toMatchObject({ calls: 1, failedCalls: 1, cost: 0 });
  });
});

test("usageOf reads a recorded trace, whatever else is in it", async () => {
  const spans: Span[] = [];
  await record(spans, () =>
    traced("module", "Program", {}, async () => {
      await model(0.5).complete(ask("a"));
      return model(0.5).complete(ask("b"));
    }),
  );
  expect(spans.map(({ kind }) => kind)).toEqual(["model", "model", "module"]);
  expect(usageOf(spans)).toMatchObject({ calls: 2, cost: 1, usage: { outputTokens: 4 } });
});
