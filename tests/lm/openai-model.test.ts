import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  ConfigurationError,
  type ModelError,
  RateLimitError,
  RefusedError,
  TooLongError,
  UnreachableError,
} from "../../src/core/index.ts";
import { type LMRequest, OpenAIModel, type OpenAIModelOptions } from "../../src/lm/index.ts";
import { type EndpointScript, type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";

const open: FaultyEndpoint[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(open.splice(0).map((endpoint) => endpoint.close()));
});

async function serve(script: EndpointScript = {}, options: OpenAIModelOptions = {}) {
  const endpoint = await startEndpoint(script);
  open.push(endpoint);
  const { baseURL } = endpoint;
  return {
    endpoint,
    model: new OpenAIModel({ model: "test-model", baseURL, apiKey: "sk-test", ...options }),
  };
}

const ask = (content: string): LMRequest => ({ messages: [{ role: "user", content }] });

/** What a call fails with. */
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail("it did not fail"),
    (error: unknown) => error as Error,
  );

describe("what is sent", () => {
  test("every member of a request, as chat completions spell it", async () => {
    const { endpoint, model } = await serve();
    const schema = {
      type: "object",
      properties: { a: { type: "string" } },
      required: ["a"],
      additionalProperties: false,
    };
    await model.complete({
      messages: [
        { role: "developer", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image", url: "https://example.com/a.png", detail: "low" },
            { type: "audio", data: "UklG", format: "wav" },
            { type: "file", filename: "a.pdf", data: "data:application/pdf;base64,JVBE" },
          ],
        },
        { role: "assistant", content: "", toolCalls: [{ id: "c1", name: "find", arguments: "{}" }] },
        { role: "tool", content: "found", toolCallId: "c1" },
      ],
      n: 2,
      temperature: 0.5,
      topP: 0.9,
      maxTokens: 50,
      stop: ["END"],
      seed: 3,
      tools: [{ name: "find", description: "finds", parameters: { type: "object" } }],
      toolChoice: { name: "find" },
      responseFormat: { name: "my answer", schema },
      topLogprobs: 4,
      rollout: 7,
      extra: { top_k: 5 },
    });
    expect(endpoint.calls[0]!.body).toEqual({
      model: "test-model",
      messages: [
        { role: "system", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "low" } },
            { type: "input_audio", input_audio: { data: "UklG", format: "wav" } },
            { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c1", type: "function", function: { name: "find", arguments: "{}" } }],
        },
        { role: "tool", content: "found", tool_call_id: "c1" },
      ],
      n: 2,
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 50,
      stop: ["END"],
      seed: 3,
      tools: [
        {
          type: "function",
          function: { name: "find", description: "finds", parameters: { type: "object" } },
        },
      ],
      tool_choice: { type: "function", function: { name: "find" } },
      response_format: { type: "json_schema", json_schema: { name: "my_answer", schema, strict: true } },
      logprobs: true,
      top_logprobs: 4,
      top_k: 5,
    });
  });

  test("a schema that strict mode would refuse goes without it", async () => {
    const { endpoint, model } = await serve();
    const schema = { type: "object", properties: { a: { type: "object", additionalProperties: true } } };
    await model.complete({ ...ask("hi"), responseFormat: { name: "x", schema } });
    expect(endpoint.calls[0]!.body).toMatchObject({ response_format: { json_schema: { strict: false } } });
  });

  test("reasoning models get their own parameters, by name", async () => {
    const { endpoint } = await serve();
    for (const name of ["o3-mini", "gpt-5", "openai/gpt-5-mini", "gpt-5.1"]) {
      const model = new OpenAIModel({ model: name, baseURL: endpoint.baseURL });
      await model.complete({
        messages: [{ role: "system", content: "s" }],
        temperature: 0.7,
        topP: 0.5,
        maxTokens: 9,
        reasoningEffort: "low",
      });
      expect(endpoint.calls.at(-1)!.body).toEqual({
        model: name,
        messages: [{ role: "developer", content: "s" }],
        max_completion_tokens: 9,
        reasoning_effort: "low",
      });
    }
    for (const name of ["gpt-4o", "gpt-5-chat-latest", "demo3", "modello1"]) {
      await new OpenAIModel({ model: name, baseURL: endpoint.baseURL }).complete({
        ...ask("hi"),
        temperature: 0.7,
        maxTokens: 9,
      });
      expect(endpoint.calls.at(-1)!.body).toMatchObject({ temperature: 0.7, max_tokens: 9 });
    }
  });

  test("a model that turns out to be a reasoning one is asked again as such, once", async () => {
    const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
    const { endpoint, model } = await serve({
      answer: (body) => ("max_tokens" in body ? { status: 400, body: { error: { message } } } : undefined),
    });
    await model.complete({ ...ask("hi"), maxTokens: 5 });
    await model.complete({ ...ask("hi"), maxTokens: 5 });
    expect(endpoint.calls.map(({ body }) => body.max_completion_tokens)).toEqual([undefined, 5, 5]);
  });

  test("defaults fill what a request leaves unset, and are part of the identity", async () => {
    const { endpoint, model } = await serve({}, { defaults: { temperature: 0.2, maxTokens: 7 } });
    await model.complete({ ...ask("hi"), temperature: 0.9, maxTokens: undefined });
    expect(endpoint.calls[0]!.body).toMatchObject({ temperature: 0.9, max_tokens: 7 });
    const { model: plain } = await serve({});
    expect(model.identity).toContain('{"temperature":0.2,"maxTokens":7}');
    expect(plain.identity).toContain('{"temperature":0}');
  });

  test("the environment's key goes only where the environment points", async () => {
    vi.stubEnv("OPENAI_API_KEY", "sk-environment");
    vi.stubEnv("OPENAI_BASE_URL", "https://elsewhere.example/v1");
    const { endpoint } = await serve();
    await new OpenAIModel({ model: "m", baseURL: endpoint.baseURL }).complete(ask("hi"));
    expect(endpoint.calls[0]!.headers.authorization).toBeUndefined();
    vi.stubEnv("OPENAI_BASE_URL", endpoint.baseURL);
    await new OpenAIModel({ model: "m" }).complete(ask("hi"));
    expect(endpoint.calls[1]!.headers.authorization).toBe("Bearer sk-environment");
  });

  test("a user and password in the address become basic authorization and are shown nowhere", async () => {
    const { endpoint } = await serve();
    const baseURL = endpoint.baseURL.replace("//", "//ann:p%40ss-word@");
    const model = new OpenAIModel({ model: "m", baseURL });
    await model.complete(ask("hi"));
    expect(endpoint.calls[0]!.headers.authorization).toBe(
      `Basic ${Buffer.from("ann:p@ss-word").toString("base64")}`,
    );
    expect(`${model.identity} ${inspect(model, { depth: 9, showHidden: true })}`).not.toMatch(/p(%40|@)ss/);
  });
});

describe("what comes back", () => {
  test("text, usage, seconds and cost", async () => {
    const { model } = await serve({ reply: () => "two words" }, { price: { input: 2, output: 8 } });
    const response = await model.complete(ask("hi"));
    expect(response).toMatchObject({
      model: "test-model",
      cached: false,
      choices: [{ text: "two words", toolCalls: [], finishReason: "stop" }],
      usage: { outputTokens: 2, cachedTokens: 0, reasoningTokens: 0 },
    });
    const { inputTokens } = response.usage;
    expect(inputTokens).toBeGreaterThan(0);
    expect(response.cost).toBeCloseTo((inputTokens * 2 + 16) / 1e6, 12);
    expect(response.seconds).toBeGreaterThan(0);
  });

  test("an unknown price gives no cost, and so does an endpoint that does not count", async () => {
    const { model } = await serve();
    expect((await model.complete(ask("hi"))).cost).toBeNull();
    const uncounted = { choices: [{ message: { content: "x" }, finish_reason: "stop" }] };
    const { model: priced } = await serve(
      { answer: () => ({ status: 200, body: uncounted }) },
      { price: { input: 1, output: 1 } },
    );
    expect((await priced.complete(ask("hi"))).cost).toBeNull();
  });

  test("several answers, tool calls, reasoning and log-probabilities", async () => {
    const { model } = await serve({
      reply: () => ({ text: "a b", reasoning: "hm", toolCalls: [{ name: "find", arguments: '{"q":1}' }] }),
    });
    const { choices } = await model.complete({ ...ask("hi"), n: 2, topLogprobs: 1 });
    expect(choices).toHaveLength(2);
    expect(choices[1]).toEqual({
      text: "a b",
      reasoning: "hm",
      toolCalls: [{ id: "call_0", name: "find", arguments: '{"q":1}' }],
      finishReason: "tool_calls",
      logprobs: [
        { token: "a", logprob: -0.1, top: [{ token: "a", logprob: -0.1 }] },
        { token: " b", logprob: -0.1, top: [{ token: " b", logprob: -0.1 }] },
      ],
    });
    expect(model.abilities).toMatchObject({ tools: true, logprobs: true });
  });

  test("a stream gives the pieces and ends with the whole response", async () => {
    const { model } = await serve(
      {
        reply: () => ({
          text: "one two three",
          reasoning: "hm",
          toolCalls: [{ name: "find", arguments: '{"query":"longer than five"}' }],
        }),
      },
      { price: { input: 1, output: 1 } },
    );
    const pieces: string[] = [];
    let reasoning = "";
    const stream = model.stream(ask("hi"));
    let step = await stream.next();
    for (; !step.done; step = await stream.next()) {
      pieces.push(step.value.text);
      reasoning += step.value.reasoning ?? "";
    }
    expect(pieces.filter((piece) => piece !== "")).toEqual(["one", " two", " three"]);
    expect(reasoning).toBe("hm");
    expect(step.value.choices).toEqual([
      {
        text: "one two three",
        reasoning: "hm",
        toolCalls: [{ id: "call_0", name: "find", arguments: '{"query":"longer than five"}' }],
        finishReason: "tool_calls",
      },
    ]);
    expect(step.value.usage.outputTokens).toBe(3);
    expect(step.value.cost).toBeGreaterThan(0);
  });
});

describe("what is found out of an endpoint", () => {
  const responseFormat = { name: "x", schema: { type: "object" } };

  test("prose in spite of a schema tells that it cannot constrain; JSON that it can", async () => {
    const { model: heedless } = await serve({ reply: () => "Sure! Here you go" });
    await heedless.complete({ ...ask("hi"), responseFormat });
    expect(heedless.abilities.jsonSchema).toBe(false);
    const { model: able } = await serve({ reply: () => '{"a": 1}' });
    await able.complete({ ...ask("hi"), responseFormat });
    expect(able.abilities.jsonSchema).toBe(true);
  });

  test("a refusal of tools or log-probabilities is remembered", async () => {
    const { model } = await serve({
      answer: (body) => ({
        status: 400,
        body: {
          error: { message: `${body.tools ? "tools are" : "logprobs is"} not supported with this model` },
        },
      }),
    });
    expect(await failure(model.complete({ ...ask("hi"), topLogprobs: 1 }))).toBeInstanceOf(RefusedError);
    expect(model.abilities).toMatchObject({ logprobs: false, tools: undefined });
    const tools = [{ name: "find", description: "", parameters: {} }];
    expect(await failure(model.complete({ ...ask("hi"), tools }))).toBeInstanceOf(RefusedError);
    expect(model.abilities).toMatchObject({ logprobs: false, tools: false, jsonSchema: undefined });
  });
});

describe("how it fails", () => {
  const cases: [string, number, object, new (...args: never[]) => Error][] = [
    ["a wrong key", 401, { error: { message: "bad key" } }, ConfigurationError],
    ["no right", 403, { error: { message: "not for you" } }, ConfigurationError],
    ["no such model", 404, { error: { message: "The model `x` does not exist" } }, ConfigurationError],
    ["a wrong address", 404, { error: { message: "Not Found" } }, ConfigurationError],
    [
      "no credit",
      429,
      { error: { message: "You exceeded your current quota", code: "insufficient_quota" } },
      ConfigurationError,
    ],
    ["rate limit", 429, { error: { message: "slow down" } }, RateLimitError],
    [
      "OpenAI too long",
      400,
      { error: { message: "too big", code: "context_length_exceeded" } },
      TooLongError,
    ],
    [
      "llama.cpp too long",
      400,
      {
        error: {
          code: 400,
          message: "the request exceeds the available context size",
          type: "exceed_context_size_error",
        },
      },
      TooLongError,
    ],
    [
      "vLLM too long",
      400,
      { message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens" },
      TooLongError,
    ],
    ["content filter", 400, { error: { message: "no", code: "content_filter" } }, RefusedError],
    ["any other refusal", 422, { error: { message: "n must be 1" } }, RefusedError],
    ["conflict", 409, { error: { message: "lock" } }, UnreachableError],
    ["overloaded", 503, { error: { message: "Loading model" } }, UnreachableError],
    ["gateway", 502, { error: { message: "upstream" } }, UnreachableError],
    ["an error in a 200", 200, { error: { message: "upstream down", code: 502 } }, UnreachableError],
    ["a rate limit in a 200", 200, { error: { message: "slow down", code: 429 } }, RateLimitError],
    ["no choices", 200, { choices: [] }, UnreachableError],
    ["an empty object", 200, {}, UnreachableError],
  ];
  test.each(cases)("%s (%d)", async (_name, status, body, kind) => {
    const { model } = await serve({ answer: () => ({ status, body }) });
    expect(await failure(model.complete(ask("hi")))).toBeInstanceOf(kind);
  });

  test.each(["cut", "empty", "notjson", "500"] as const)("%s is an outage", async (kind) => {
    const { model } = await serve({
      faults: { rate: 1, kinds: [kind] },
      reply: () => "some words to be cut",
    });
    expect(await failure(model.complete(ask("hi")))).toBeInstanceOf(UnreachableError);
    const stream = model.stream(ask("hi"));
    const drain = async () => {
      while (!(await stream.next()).done);
    };
    expect(await failure(drain())).toBeInstanceOf(UnreachableError);
  });

  test("a hang ends at the time-out, whole or streamed", async () => {
    const { model } = await serve({ faults: { rate: 1, kinds: ["hang"] } }, { timeout: 0.15 });
    const error = await failure(model.complete(ask("hi")));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toContain("no whole answer within 0.15 s");
    expect(await failure(model.stream(ask("hi")).next())).toBeInstanceOf(UnreachableError);
  });

  test("nobody there is an outage that says so", async () => {
    const { endpoint, model } = await serve();
    await endpoint.close();
    const error = await failure(model.complete(ask("hi")));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/ECONNREFUSED/);
  });

  test("refusals and filtered answers", async () => {
    const { model } = await serve({ reply: () => ({ refusal: "I cannot help with that" }) });
    const error = await failure(model.complete(ask("hi")));
    expect(error).toBeInstanceOf(RefusedError);
    expect(error.message).toContain("I cannot help with that");
    const { model: filtered } = await serve({ reply: () => ({ text: "", finishReason: "content_filter" }) });
    expect(await failure(filtered.complete(ask("hi")))).toBeInstanceOf(RefusedError);
    expect(await failure(filtered.stream(ask("hi")).next())).toBeInstanceOf(RefusedError);
  });

  test("Retry-After in seconds, in milliseconds and as a date", async () => {
    const after = async (headers: Record<string, string>, status = 429) => {
      const { model } = await serve({ answer: () => ({ status, headers, body: { error: {} } }) });
      return ((await failure(model.complete(ask("hi")))) as ModelError).retryAfter;
    };
    expect(await after({ "retry-after": "30" }, 503)).toBe(30);
    expect(await after({ "retry-after": "7" })).toBe(7);
    expect(await after({ "retry-after-ms": "250", "retry-after": "1" })).toBe(0.25);
    const date = await after({ "retry-after": new Date(Date.now() + 60_000).toUTCString() });
    expect(date).toBeGreaterThan(55);
    expect(date).toBeLessThanOrEqual(60);
    expect(await after({ "retry-after": "soon" })).toBeUndefined();
    expect(await after({})).toBeUndefined();
  });

  test("an abort gives the caller's own reason, and closes the connection", async () => {
    const { endpoint, model } = await serve({ faults: { rate: 1, kinds: ["hang"] } });
    const controller = new AbortController();
    const call = failure(model.complete(ask("hi"), { signal: controller.signal }));
    await vi.waitFor(() => expect(endpoint.calls).toHaveLength(1));
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await call).toBe(reason);
    expect(await failure(model.complete(ask("hi"), { signal: controller.signal }))).toBe(reason);
    expect(endpoint.calls).toHaveLength(1);
  });

  test("no error holds the key, a header's secret or a password, though the endpoint repeats them", async () => {
    const key = "sk-hush-0123456789";
    const secrets = [key, "hush-header", "hush-pass"];
    const echo = (status: number) => ({
      answer: () => ({
        status,
        headers: { "x-echo": key },
        body: { error: { message: `you sent ${secrets.join(" and ")}, sk-hu*****6789`, code: secrets[0] } },
      }),
    });
    for (const status of [400, 401, 404, 413, 429, 500, 200]) {
      const endpoint = await startEndpoint(echo(status));
      open.push(endpoint);
      const model = new OpenAIModel({
        model: "m",
        baseURL: endpoint.baseURL.replace("//", "//ann:hush-pass@"),
        apiKey: key,
        headers: { "x-api-key": "hush-header" },
      });
      const errors = [
        await failure(model.complete(ask("hi"))),
        await failure(model.stream(ask("hi")).next()),
      ];
      for (const error of errors) {
        const shown = `${error.message} ${error.stack} ${inspect(error, { depth: 9, showHidden: true })}`;
        expect(shown).not.toMatch(/hush|6789/);
      }
      expect(inspect(model, { depth: 9, showHidden: true })).not.toMatch(/hush/);
    }
  });

  test("a wrong address or no key says what to set, and does not repeat the address", () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    vi.stubEnv("OPENAI_BASE_URL", "");
    vi.stubEnv("OPENAI_MODEL", "");
    expect(() => new OpenAIModel({ model: "m", baseURL: "ftp://ann:hush@x" })).toThrow(
      /^(?!.*hush).*not an http/,
    );
    expect(() => new OpenAIModel({ model: "m" })).toThrow(/set OPENAI_API_KEY/);
    expect(() => new OpenAIModel()).toThrow(/OPENAI_MODEL/);
    expect(() => new OpenAIModel({ model: "m", apiKey: "k", timeout: 0 })).toThrow(/invalid timeout: 0/);
  });
});
