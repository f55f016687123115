import { describe, expect, test } from "vitest";
import { listen, type Span, traced } from "../../src/core/index.ts";
import {
  cached,
  FunctionModel,
  limited,
  lm,
  type LMRequest,
  memoryStore,
  retrying,
} from "../../src/lm/index.ts";

const request: LMRequest = { messages: [{ role: "user", content: "hi" }] };

describe("FunctionModel", () => {
  test("fills in what the function leaves out", async () => {
    const model = new FunctionModel(() => "well");
    expect(await model.complete(request)).toMatchObject({
      choices: [{ text: "well", toolCalls: [], finishReason: "stop" }],
      usage: { inputTokens: 0, outputTokens: 0 },
      cost: 0,
      cached: false,
    });
    const counted = new FunctionModel(async () => ({ cost: 3 }));
    expect(await counted.complete(request)).toMatchObject({ cost: 3, choices: [{ text: "" }] });
  });

  test("streams exactly the text, piece by piece", async () => {
    for (const text of ["one two\n three  ", " lead", "", "x"]) {
      let streamed = "";
      for await (const chunk of new FunctionModel(() => text).stream(request)) streamed += chunk.text;
      expect(streamed).toBe(text);
    }
  });

  test("two without a name never share a cache; two of one name do", async () => {
    const ask = async (model: FunctionModel) => (await lm(model).complete(request)).choices[0]!.text;
    expect(await ask(new FunctionModel(() => "a"))).toBe("a");
    expect(await ask(new FunctionModel(() => "b"))).toBe("b");
    const name = "function-model.test";
    expect(await ask(new FunctionModel(() => "a", { name }))).toBe("a");
    expect(await ask(new FunctionModel(() => "b", { name }))).toBe("a");
  });
});

test("a call is one span under its caller, however many layers it passes and whichever way it is asked", async () => {
  const spans: Span[] = [];
  const stop = listen({ end: (span) => spans.push(span) });
  const model = cached(retrying(limited(new FunctionModel(() => "a b", { name: "deep" }))), memoryStore());
  await traced("module", "Program", {}, async () => {
    await model.complete(request);
    await model.complete(request);
    for await (const _chunk of model.stream({ ...request, rollout: 1 }));
  });
  await Promise.all([model.complete({ ...request }), model.complete({ ...request })]);
  stop();
  expect(spans.map(({ kind, name, parent }) => [kind, name, parent?.name])).toEqual([
    ["model", "deep", "Program"],
    ["model", "deep", "Program"],
    ["model", "deep", "Program"],
    ["module", "Program", undefined],
    ["model", "deep", undefined],
    ["model", "deep", undefined],
  ]);
  expect(spans.slice(0, 3).map(({ attributes }) => attributes.cached)).toEqual([false, true, false]);
  expect(spans[0]!.result).toMatchObject({ choices: [{ text: "a b" }] });
});
