import { describe, expect, test } from "vitest";
import { chatAdapter, jsonAdapter } from "../../src/adapters/index.ts";
import { ConfigurationError, ParseError, RefusedError, UnreachableError } from "../../src/core/index.ts";
import { currentLM, FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import { ChainOfThought, configure, type Extension, Parallel, Predict } from "../../src/modules/index.ts";

const text = (request: LMRequest) =>
  request.messages
    .map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content)))
    .join("\n");

describe("Predict", () => {
  test("asks the model and reads the declared types", async () => {
    const lm = new FunctionModel(() => '{"answer": "4", "sure": true}');
    const add = new Predict("question -> answer: int, sure: bool", { lm });
    const outputs = await add.call({ question: "2 + 2" });
    expect(outputs).toEqual({ answer: 4, sure: true });
    const typed: { answer: number; sure: boolean } = outputs;
    expect(typed.answer).toBe(4);
    // @ts-expect-error the step has no such output
    expect(outputs.anser).toBeUndefined();
  });

  test("shows the exact messages without a call, and without a model", async () => {
    const seen: LMRequest[] = [];
    const lm = new FunctionModel((request) => {
      seen.push(request);
      return '{"b": "x"}';
    });
    const step = new Predict("a -> b", { instructions: "Copy.", demos: [{ a: "1", b: "one" }] });
    const messages = step.prompt({ a: "2" });
    expect(text({ messages })).toContain("Copy.");
    expect(seen).toHaveLength(0);
    await step.call({ a: "2" }, { lm });
    expect(seen[0]!.messages).toEqual(messages);
  });

  test("a missing input is an error with the nearest name; no model is one that says what to do", async () => {
    const step = new Predict("question -> answer");
    await expect(step.call({ quesion: "?" } as never)).rejects.toThrow('did you mean it by "quesion"?');
    await expect(currentLM.run(undefined, () => step.call({ question: "?" }))).rejects.toThrow("connect()");
  });

  test("an input that may be null may be left out", async () => {
    const lm = new FunctionModel(() => '{"b": "x"}');
    await expect(new Predict("a: Optional[str] -> b", { lm }).call({} as never)).resolves.toEqual({ b: "x" });
  });

  test("a reply that cannot be read is shown to the model with what was wrong, once", async () => {
    const asked: LMRequest[] = [];
    const replies = ['{"n": "many"}', '{"n": 3}'];
    const lm = new FunctionModel((request) => {
      asked.push(request);
      return replies[asked.length - 1] ?? "none";
    });
    await expect(new Predict("a -> n: int", { lm }).call({ a: "x" })).resolves.toEqual({ n: 3 });
    expect(asked).toHaveLength(2);
    const again = text(asked[1]!);
    expect(again).toContain("many");
    expect(again).toMatch(/int/);
    expect(asked[1]!.messages.slice(0, asked[0]!.messages.length)).toEqual(asked[0]!.messages);
  });

  test("a second reply that cannot be read is thrown with its text", async () => {
    let calls = 0;
    const lm = new FunctionModel(() => `{"n": "no ${++calls}"}`);
    const error: unknown = await new Predict("a -> n: int", { lm })
      .call({ a: "x" })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ParseError);
    expect((error as ParseError).completion).toBe('{"n": "no 2"}');
    expect(calls).toBe(2);
  });

  test("errors of the model come as they are, and are not asked again", async () => {
    let calls = 0;
    const lm = new FunctionModel(() => {
      calls++;
      throw new UnreachableError("down");
    });
    await expect(new Predict("a -> b", { lm }).call({ a: "x" })).rejects.toThrow(UnreachableError);
    expect(calls).toBe(1);
  });

  test("an answer that was cut for its length is not believed to its end", async () => {
    let calls = 0;
    const lm = new FunctionModel(() => {
      calls++;
      return calls === 1
        ? { choices: [{ text: '{"n": 12', toolCalls: [], finishReason: "length" }] }
        : '{"n": 1234}';
    });
    await expect(new Predict("a -> n: int", { lm }).call({ a: "x" })).resolves.toEqual({ n: 1234 });
  });
});

describe("constrained decoding", () => {
  const decliner = () => {
    const formats: boolean[] = [];
    const lm = new FunctionModel(async (request) => {
      formats.push(request.responseFormat !== undefined);
      await Promise.resolve();
      if (request.responseFormat) throw new RefusedError("response_format is not supported here");
      return "[[ ## b ## ]]\nyes\n\n[[ ## completed ## ]]";
    });
    return { lm, formats };
  };

  test("is tried, and where it is declined found out once", async () => {
    const { lm, formats } = decliner();
    const step = new Predict("a -> b", { lm });
    await step.call({ a: "1" });
    await step.call({ a: "2" });
    expect(formats).toEqual([true, false, false]);
    expect(lm.abilities.jsonSchema).toBe(false);
  });

  test("calls that were declined side by side are all answered", async () => {
    const { lm, formats } = decliner();
    const step = new Predict("a -> b", { lm });
    const outputs = await Promise.all([1, 2, 3].map((n) => step.call({ a: String(n) })));
    expect(outputs).toEqual([{ b: "yes" }, { b: "yes" }, { b: "yes" }]);
    expect(formats).toEqual([true, true, true, false, false, false]);
  });

  test("an adapter that was chosen stays, without the constraint", async () => {
    const formats: boolean[] = [];
    const lm = new FunctionModel((request) => {
      formats.push(request.responseFormat !== undefined);
      if (request.responseFormat) throw new RefusedError("json_schema: unknown");
      return '{"b": "yes"}';
    });
    const step = new Predict("a -> b", { lm, adapter: jsonAdapter });
    await expect(step.call({ a: "1" })).resolves.toEqual({ b: "yes" });
    expect(formats).toEqual([true, false]);
  });

  test("another refusal is no reason to ask again", async () => {
    const lm = new FunctionModel(() => {
      throw new RefusedError("content filter");
    });
    await expect(new Predict("a -> b", { lm }).call({ a: "1" })).rejects.toThrow("content filter");
    expect(lm.abilities.jsonSchema).toBeUndefined();
  });
});

describe("settings of a call", () => {
  const echo = (name: string) => new FunctionModel(() => JSON.stringify({ b: name }), { name });

  test("calls side by side never see each other's", async () => {
    const step = new Predict("a -> b");
    const names = Array.from({ length: 20 }, (_, index) => `model ${index}`);
    const outputs = await Promise.all(names.map((name) => step.call({ a: "x" }, { lm: echo(name) })));
    expect(outputs.map(({ b }) => b)).toEqual(names);
  });

  test("a predictor's own model comes first, then the call's, then the default", async () => {
    const own = new Predict("a -> b", { lm: echo("own") });
    const free = new Predict("a -> b");
    await expect(own.call({ a: "x" }, { lm: echo("call") })).resolves.toEqual({ b: "own" });
    await currentLM.run(echo("default"), async () => {
      await expect(free.call({ a: "x" }, { lm: echo("call") })).resolves.toEqual({ b: "call" });
      await expect(free.call({ a: "x" })).resolves.toEqual({ b: "default" });
    });
  });

  test("request members: the predictor's come before the call's, both before the process's", async () => {
    let seen: LMRequest | undefined;
    const lm = new FunctionModel((request) => {
      seen = request;
      return '{"b": "x"}';
    });
    configure({ temperature: 0.1, topP: 0.1, maxTokens: 1 });
    try {
      const step = new Predict("a -> b", { lm, temperature: 0.9 });
      await step.call({ a: "x" }, { temperature: 0.5, topP: 0.5 });
      expect(seen).toMatchObject({ temperature: 0.9, topP: 0.5, maxTokens: 1 });
    } finally {
      configure({ temperature: undefined, topP: undefined, maxTokens: undefined });
    }
  });

  test("an adapter for the call", async () => {
    const lm = new FunctionModel(() => "[[ ## b ## ]]\nhello\n[[ ## completed ## ]]");
    await expect(new Predict("a -> b").call({ a: "x" }, { lm, adapter: chatAdapter })).resolves.toEqual({
      b: "hello",
    });
  });
});

describe("extensions", () => {
  const shout: Extension = {
    name: "shout",
    version: 1,
    around: async (call, next) => {
      const outputs = await next({ ...call, inputs: { a: "changed" } });
      return { b: `${String(outputs.b)}!` };
    },
    toJSON: () => ({}),
  };

  test("stand around each call", async () => {
    const lm = new FunctionModel((request) =>
      text(request).includes("changed") ? '{"b": "x"}' : '{"b": "?"}',
    );
    const step = new Predict("a -> b", { lm, extensions: { shout } });
    await expect(step.call({ a: "given" })).resolves.toEqual({ b: "x!" });
  });
});

describe("ChainOfThought and Parallel", () => {
  test("reasoning comes first and is typed", async () => {
    const lm = new FunctionModel(() => '{"reasoning": "because", "answer": 3}');
    const step = new ChainOfThought("question -> answer: int", { lm });
    const outputs: { reasoning: string; answer: number } = await step.call({ question: "?" });
    expect(outputs).toEqual({ reasoning: "because", answer: 3 });
    expect(step.signature.toString()).toBe("question -> reasoning, answer: int");
    expect(step.signature.instructions).toBe("Given the fields `question`, produce the fields `answer`.");
  });

  test("outputs in the order of the calls, with a bound on what is under way", async () => {
    let running = 0;
    let most = 0;
    const lm = new FunctionModel(async (request) => {
      most = Math.max(most, ++running);
      const n = Number(/a: (\d)/.exec(text(request))![1]);
      await new Promise((resolve) => setTimeout(resolve, 10 - n));
      running--;
      return JSON.stringify({ b: String(n) });
    });
    const step = new Predict("a -> b", { lm });
    const calls = Array.from({ length: 9 }, (_, n) => [step, { a: String(n) }] as const);
    const outputs = await new Parallel({ concurrency: 3 }).call(calls);
    expect(outputs).toEqual(calls.map(([, { a }]) => ({ b: a })));
    expect(most).toBe(3);
  });

  test("the first call that throws aborts the others", async () => {
    const signals: AbortSignal[] = [];
    const lm = new FunctionModel(async (request, { signal }) => {
      if (text(request).includes("bad")) throw new ConfigurationError("wrong key");
      signals.push(signal!);
      await new Promise((resolve) => signal!.addEventListener("abort", resolve));
      throw signal!.reason;
    });
    const step = new Predict("a -> b", { lm });
    await expect(
      new Parallel().call([
        [step, { a: "bad" }],
        [step, { a: "slow" }],
      ]),
    ).rejects.toThrow("wrong key");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
