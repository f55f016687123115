import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { connect, currentLM, FunctionModel, history, lm, type LMRequest } from "../../src/lm/index.ts";
import { type EndpointScript, type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";

const open: FaultyEndpoint[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  currentLM.set(undefined);
  await Promise.all(open.splice(0).map((endpoint) => endpoint.close()));
});

async function serve(script: EndpointScript = {}) {
  const endpoint = await startEndpoint(script);
  open.push(endpoint);
  vi.stubEnv("OPENAI_BASE_URL", endpoint.baseURL);
  vi.stubEnv("OPENAI_API_KEY", "");
  vi.stubEnv("OPENAI_MODEL", "");
  return endpoint;
}

const ask = (content: string): LMRequest => ({ messages: [{ role: "user", content }] });

describe("connect", () => {
  test("takes the endpoint of the environment and the only model it serves, and sets the default", async () => {
    const endpoint = await serve({ models: ["only-one"] });
    const model = await connect();
    expect(currentLM.get()).toBe(model);
    expect(model.name).toBe("only-one");
    expect(model.identity).toBe(`${endpoint.baseURL} only-one {"temperature":0}`);
    await model.complete(ask("hi"));
    expect(endpoint.calls[0]!.body.model).toBe("only-one");
    expect(history().calls[0]!.request).toEqual(ask("hi"));
  });

  test("OPENAI_MODEL wins over the list, and an option over both", async () => {
    await serve({ models: ["a", "b"] });
    vi.stubEnv("OPENAI_MODEL", "named");
    expect((await connect()).name).toBe("named");
    expect((await connect({ model: "given" })).name).toBe("given");
  });

  test("several models, or none, say what to set", async () => {
    await serve({ models: ["a", "b"] });
    await expect(connect()).rejects.toThrow(/serves 2 models: set OPENAI_MODEL to one of a, b/);
    await serve({ models: [] });
    await expect(connect()).rejects.toThrow(ConfigurationError);
  });

  test("a wrong key is told at once", async () => {
    await serve({ key: "right" });
    vi.stubEnv("OPENAI_API_KEY", "wrong-hush");
    const error = await connect().catch((caught: unknown) => caught as Error);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(/^(?!.*hush).*does not accept the key/);
  });

  test("a model named without an endpoint is not replaced by another in silence", async () => {
    for (const name of ["OPENAI_BASE_URL", "OPENAI_API_KEY"]) vi.stubEnv(name, "");
    vi.stubEnv("OPENAI_MODEL", "gpt-4.1");
    await expect(connect()).rejects.toThrow(/"gpt-4.1" is named, but no endpoint/);
  });
});

describe("lm", () => {
  test("gives a model with the cache, retries and limits, and leaves the default alone", async () => {
    const endpoint = await serve();
    const model = lm("some-model");
    expect(currentLM.get()).toBeUndefined();
    expect((await model.complete(ask("hi"))).cached).toBe(false);
    expect((await model.complete(ask("hi"))).cached).toBe(true);
    expect((await lm("some-model").complete(ask("hi"))).cached).toBe(true);
    expect((await lm("other-model").complete(ask("hi"))).cached).toBe(false);
    expect((await lm("some-model", { cache: false }).complete(ask("hi"))).cached).toBe(false);
    expect(endpoint.calls).toHaveLength(3);
  });

  test("takes a model of one's own", async () => {
    let calls = 0;
    const model = lm(new FunctionModel(() => `${++calls}`));
    await model.complete(ask("hi"));
    expect((await model.complete(ask("hi"))).choices[0]!.text).toBe("1");
  });

  test.each([false, true])(
    "where three in ten calls fail, in every way, no call is lost (streamed: %s)",
    async (streamed) => {
      const endpoint = await serve({
        reply: ({ messages }) => `answer to ${messages[0]!.content as string}`,
        faults: { rate: 0.3, seed: 11, retryAfter: "0.01" },
        delay: 1,
      });
      const model = lm("m", {
        timeout: 1.5,
        limits: { concurrency: 16 },
        retry: { firstWait: 0.01, longestWait: 0.05 },
      });
      const questions = Array.from({ length: 120 }, (_, index) => `question ${index} ${streamed}`);
      const answer = async (question: string) => {
        if (!streamed) return (await model.complete(ask(question))).choices[0]!.text;
        let text = "";
        for await (const chunk of model.stream(ask(question))) text += chunk.text;
        return text;
      };
      // A stream cut after its first piece cannot be tried again unseen: those who read it do.
      const patient = async (question: string): Promise<string> => {
        for (;;) {
          try {
            return await answer(question);
          } catch (error) {
            if (!streamed) throw error;
          }
        }
      };
      const answers = await Promise.all(questions.map(patient));
      expect(answers).toEqual(questions.map((question) => `answer to ${question}`));
      const kinds = new Set(endpoint.calls.map(({ fault }) => fault));
      expect(kinds).toEqual(new Set([undefined, "429", "500", "cut", "hang", "empty", "notjson"]));
    },
  );

  test("an endpoint that takes four at once gets to be asked by about as many", async () => {
    let under = 0;
    const late: number[] = [];
    const model = lm(
      new FunctionModel(async () => {
        const { RateLimitError } = await import("../../src/core/index.ts");
        if (under >= 4) throw new RateLimitError("busy");
        late.push(++under);
        await new Promise((resolve) => setTimeout(resolve, 2));
        under--;
        return "ok";
      }),
      { cache: false, retry: { attempts: 30, firstWait: 0.005, longestWait: 0.02 } },
    );
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => model.complete(ask(`${i}`))));
    expect(answers).toHaveLength(200);
    expect(Math.max(...late)).toBe(4);
  });
});

test("importing the room loads no package", () => {
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    import("./src/lm/index.ts").then(() => console.log(JSON.stringify(loaded)));
  `;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    cwd: new URL("../..", import.meta.url).pathname,
  });
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded.some((url) => url.endsWith("/src/lm/openai-model.ts"))).toBe(true);
  expect(loaded.filter((url) => url.includes("node_modules"))).toEqual([]);
});
