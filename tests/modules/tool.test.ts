import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { ConfigurationError, LmframeError, listen, type Span } from "../../src/core/index.ts";
import { FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import {
  type Principal,
  callSettings,
  Predict,
  ReAct,
  FunctionRetriever,
  searchTool,
  tool,
  ToolArgumentsError,
  ToolSelector,
} from "../../src/modules/index.ts";

const contentOf = (request: LMRequest, index: number) => JSON.stringify(request.messages.at(index)!.content);

describe("tool", () => {
  test("infers its arguments from zod, and reads them as a reply is read", async () => {
    const seen: unknown[] = [];
    const repeat = tool(
      ({ text, times, mode }) => {
        expectTypeOf(text).toEqualTypeOf<string>();
        expectTypeOf(times).toEqualTypeOf<number | undefined>();
        seen.push([text, times, mode]);
        return text.repeat(times ?? 1);
      },
      {
        name: "repeat",
        description: "Repeats.",
        parameters: z.object({
          text: z.string(),
          times: z.number().int().optional(),
          mode: z.enum(["loud", "soft"]).nullable(),
        }),
      },
    );
    // @ts-expect-error the tool takes no such argument
    const call = () => repeat.call({ text: "a", time: 1 });
    expect(call).toBeTypeOf("function");
    await expect(repeat.call({ text: "ab", times: "2", mode: "Loud" } as never)).resolves.toBe("abab");
    await expect(repeat.call('```json\n{text: "ab", mode: None}```' as never)).resolves.toBe("ab");
    expect(seen).toEqual([
      ["ab", 2, "loud"],
      ["ab", undefined, null],
    ]);
  });

  test("says what was found and what it takes, before it runs", async () => {
    let ran = 0;
    const strict = tool(() => ++ran, {
      name: "strict",
      description: "Strict.",
      parameters: z.object({ port: z.number().min(1024), host: z.string() }),
    });
    for (const [args, message] of [
      [{ port: 80, host: "a" }, /at \.port: .*1024/],
      [{ port: "eighty", host: "a" }, /at \.port/],
      [{ port: 8080 }, /at \.host: expected str, found nothing/],
      ["no object", /expected/],
    ] as const) {
      const error: unknown = await strict.call(args as never).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ToolArgumentsError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toContain('"host"');
    }
    expect(ran).toBe(0);
  });

  test("is named by its function, and must have a name that endpoints take", () => {
    function ping() {
      return "pong";
    }
    expect(tool(ping, { description: "Pings." }).name).toBe("ping");
    expect(() => tool(() => 1, { description: "Nameless." })).toThrow('tool(function, { name: "search" })');
    expect(() => tool(ping, { name: "a b", description: "" })).toThrow(ConfigurationError);
    expect(() => tool(ping, { description: "", parameters: z.array(z.string()) as never })).toThrow(
      "no object",
    );
    expect(() => tool(ping, { description: "", maxSeconds: 0 })).toThrow(ConfigurationError);
  });

  test("is a span of kind tool, with its arguments and what it gave", async () => {
    const spans: Span[] = [];
    const stop = listen({ end: (span) => spans.push(span) }, ["tool"]);
    const double = tool(({ n }) => n * 2, {
      name: "double",
      description: "",
      parameters: z.object({ n: z.number() }),
    });
    await double.call({ n: 4 });
    stop();
    expect(spans).toMatchObject([{ kind: "tool", name: "double", inputs: { n: 4 }, result: 8 }]);
  });

  test("ends the program it runs when its time is up", async () => {
    const reasons: unknown[] = [];
    const hanging = new FunctionModel(
      (_, { signal }) =>
        new Promise((_, reject) =>
          signal!.addEventListener("abort", () => {
            reasons.push("aborted");
            reject(signal!.reason as Error);
          }),
        ),
    );
    const asking = tool(() => new Predict("a -> b").call({ a: "?" }, { lm: hanging }), {
      name: "asking",
      description: "",
      maxSeconds: 0.02,
    });
    await expect(asking.call({})).rejects.toThrow("did not end within 0.02 s");
    expect(reasons).toEqual(["aborted"]);
  });

  test("is left when its time is up or its caller aborts, even where it pays no heed", async () => {
    const deaf = tool(() => new Promise(() => undefined), {
      name: "deaf",
      description: "",
      maxSeconds: 0.02,
    });
    await expect(deaf.call({})).rejects.toThrow(LmframeError);
    const controller = new AbortController();
    const patient = tool(() => new Promise(() => undefined), { name: "patient", description: "" });
    const call = patient.call({}, { signal: controller.signal });
    controller.abort(new Error("never mind"));
    await expect(call).rejects.toThrow("never mind");
    await expect(patient.call({}, { signal: controller.signal })).rejects.toThrow("never mind");
  });
});

describe("an agent with an index", () => {
  const entry = {
    id: "17",
    text: "OIL LEAK #2 ROCKER COVER",
    source: {},
    fields: { action: "REPLACED GASKET" },
    score: 1,
  };

  /** A model that plans as a person would: figures to the calculator, the logbook to the index. */
  const planner = new FunctionModel(
    (request: LMRequest) => {
      const prompt = request.messages.at(-1)!.content as string;
      if (!JSON.stringify(request.responseFormat).includes("next_tool_name")) {
        return JSON.stringify({ reasoning: "", answer: /observation_1: (.*)/.exec(prompt)?.[1] ?? "none" });
      }
      const step = (name: string, args: object) =>
        JSON.stringify({ next_thought: "", next_tool_name: name, next_tool_args: args });
      if (prompt.includes("observation_1")) return step("finish", {});
      const figures = /(\d+) \* (\d+)/.exec(prompt);
      if (figures) return step("multiply", { a: Number(figures[1]), b: Number(figures[2]) });
      return step("logbook", { query: "oil leak rocker cover", principal: { id: "x", groups: ["secret"] } });
    },
    { abilities: { tools: false } },
  );

  test("goes to it only when the question needs it, on behalf of the caller", async () => {
    const searches: { query: string; k: number | undefined; principal: Principal | undefined }[] = [];
    const retriever = new FunctionRetriever("logbook", async (query, options) => {
      searches.push({ query, k: options?.k, principal: options?.principal ?? callSettings().principal });
      return [entry];
    });
    const multiply = tool(({ a, b }) => a * b, {
      name: "multiply",
      description: "Multiplies two numbers.",
      parameters: z.object({ a: z.number(), b: z.number() }),
    });
    const logbook = searchTool(retriever, { name: "logbook", description: "Entries of the logbook.", k: 3 });
    const agent = new ReAct("question -> answer", { tools: [multiply, logbook] });
    const principal = { id: "jo", groups: ["mechanics"] };
    const sum = await agent.call({ question: "What is 12 * 12?" }, { lm: planner, principal });
    expect(sum.answer).toBe("144");
    expect(searches).toEqual([]);
    const leak = await agent.call(
      { question: "What was done about the oil leak?" },
      { lm: planner, principal },
    );
    expect(searches).toEqual([{ query: "oil leak rocker cover", k: 3, principal }]);
    expect(leak.trajectory[0]!.observation).toBe(
      '[{"id":"17","text":"OIL LEAK #2 ROCKER COVER\\naction: REPLACED GASKET"}]',
    );
    expect(leak.answer).toContain("REPLACED GASKET");
  });
});

describe("ToolSelector", () => {
  const seen: LMRequest[] = [];
  const choosing = (name: string) =>
    new FunctionModel((request) => {
      seen.push(request);
      return JSON.stringify({ reasoning: "It fits.", selected_tool: name });
    });
  const search = tool(() => 1, { name: "search", description: "Finds passages." });

  test("chooses among the tools of the call, in the decoding", async () => {
    seen.length = 0;
    const selector = new ToolSelector();
    const chosen = await selector.call(
      { task: "Find it.", available_tools: [search, "calculate"] },
      { lm: choosing("Search") },
    );
    expect(chosen).toEqual({ reasoning: "It fits.", selected_tool: "search" });
    const { properties } = seen[0]!.responseFormat!.schema as { properties: Record<string, object> };
    expect(properties.selected_tool).toMatchObject({ enum: ["search", "calculate"] });
    expect(Object.keys(properties)).toEqual(["reasoning", "selected_tool"]);
    expect(contentOf(seen[0]!, -1)).toContain("Finds passages.");
    await selector.call({ task: "?", available_tools: { other: "Else." } }, { lm: choosing("other") });
    expect(JSON.stringify(seen[1]!.responseFormat)).toContain('"enum":["other"]');
  });

  test("never gives another, whatever the model says", async () => {
    const call = new ToolSelector().call(
      { task: "?", available_tools: ["search"] },
      { lm: choosing("rm -rf") },
    );
    await expect(call).rejects.toThrow("selected_tool");
  });

  test("needs tools, of different names", async () => {
    const selector = new ToolSelector();
    const lm = choosing("search");
    await expect(selector.call({ task: "?", available_tools: [] }, { lm })).rejects.toThrow(
      ConfigurationError,
    );
    await expect(selector.call({ task: "?", available_tools: ["a", "a"] }, { lm })).rejects.toThrow('"a"');
  });

  test("is a program like any other: it knows its fields and can be edited", async () => {
    seen.length = 0;
    const selector = new ToolSelector().with({ select: { instructions: "Choose boldly." } });
    expect(selector.signature.outputs.map(({ name }) => name)).toEqual(["selected_tool", "reasoning"]);
    await selector.call({ task: "?", available_tools: ["search"] }, { lm: choosing("search") });
    expect(contentOf(seen[0]!, 0)).toContain("Choose boldly.");
  });
});
