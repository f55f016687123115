import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { connect, currentLM, lm } from "../../src/lm/index.ts";
import { ReAct, tool } from "../../src/modules/index.ts";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";

const add = tool(({ a, b }) => a + b, {
  name: "add",
  description: "Adds two numbers.",
  parameters: z.object({ a: z.number(), b: z.number() }),
});
const agent = new ReAct("question -> answer", { tools: [add], maxSteps: 3 });

describe("an agent over the wire", () => {
  let endpoint: FaultyEndpoint | undefined;
  afterEach(() => endpoint?.close());

  test("uses the endpoint's tool calls, streamed or not, and finds out that it has them", async () => {
    endpoint = await startEndpoint({
      reply: ({ tools, messages }) => {
        if (!tools) return '{"reasoning": "", "answer": "5"}';
        if (messages.some(({ role }) => role === "tool"))
          return { toolCalls: [{ name: "finish", arguments: "{}" }] };
        return { text: "Let me add.", toolCalls: [{ name: "add", arguments: '{"a": 2, "b": 3}' }] };
      },
    });
    const model = lm("test-model", { baseURL: endpoint.baseURL, apiKey: "k", cache: false });
    const run = agent.stream({ question: "2 + 3?" }, { lm: model });
    const deltas: string[] = [];
    let piece = await run.next();
    for (; !piece.done; piece = await run.next())
      deltas.push(`${piece.value.predictor}.${piece.value.field}`);
    expect(deltas).toContain("react.next_thought");
    expect(deltas).toContain("extract.predict.answer");
    expect(model.abilities.tools).toBe(true);
    for (const { answer, trajectory } of [
      piece.value,
      await agent.call({ question: "2 + 3?" }, { lm: model }),
    ]) {
      expect(answer).toBe("5");
      expect(trajectory).toMatchObject([
        { tool: "add", args: { a: 2, b: 3 }, observation: "5", thought: "Let me add." },
        { tool: "finish" },
      ]);
    }
    const [, second] = endpoint.calls.map(({ body }) => body);
    expect(second!.tool_choice).toBe("required");
    const [called, outcome] = second!.messages.slice(-2);
    expect(called).toMatchObject({ role: "assistant", tool_calls: [{ function: { name: "add" } }] });
    const [{ id }] = called!.tool_calls as [{ id: string }];
    expect(outcome).toEqual({ role: "tool", content: "5", tool_call_id: id });
  });

  test.each([
    [400, "registry.example/model does not support tools"],
    [500, "tools param requires --jinja flag"],
  ])("asks in text where the endpoint answers %i to tools", async (status, message) => {
    endpoint = await startEndpoint({
      answer: ({ tools }) => (tools ? { status, body: { error: { message } } } : undefined),
      reply: ({ response_format, messages }) => {
        if (!JSON.stringify(response_format).includes("next_tool_name"))
          return '{"reasoning": "", "answer": "5"}';
        const seen = JSON.stringify(messages).includes("observation_1");
        return seen
          ? '{"next_thought": "", "next_tool_name": "finish", "next_tool_args": {}}'
          : '{"next_thought": "", "next_tool_name": "add", "next_tool_args": {"a": 2, "b": 3}}';
      },
    });
    const model = lm("test-model", { baseURL: endpoint.baseURL, apiKey: "k", retry: { attempts: 1 } });
    const { trajectory } = await agent.call({ question: "2 + 3?" }, { lm: model });
    expect(trajectory.map(({ tool }) => tool)).toEqual(["add", "finish"]);
    expect(endpoint.calls.filter(({ body }) => body.tools)).toHaveLength(1);
    expect(model.abilities.tools).toBe(false);
  });
});

describe("an agent on the embedded model", () => {
  beforeEach(() => {
    for (const name of ["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"]) vi.stubEnv(name, "");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    currentLM.set(undefined);
  });

  test("makes only calls that can be made, and answers", { timeout: 300_000 }, async ({ skip }) => {
    try {
      await connect();
    } catch (error) {
      return skip(`no embedded model here: ${(error as Error).message}`);
    }
    const calculator = new ReAct("question -> answer: int", { tools: [add], maxSteps: 2 });
    const { answer, trajectory } = await calculator.call({ question: "What is 17 + 25?" });
    expect(Number.isInteger(answer)).toBe(true);
    expect(trajectory.length).toBeGreaterThan(0);
    expect(trajectory.every(({ error }) => error === undefined)).toBe(true);
    const [first] = trajectory;
    expect(first).toMatchObject({ tool: "add", args: { a: 17, b: 25 }, observation: "42" });
  });
});
