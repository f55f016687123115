import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { countTokens } from "../../src/lm/count-tokens.ts";
import { FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import { Predict, ReAct, tool, trimHistory } from "../../src/modules/index.ts";

const turn = (number: number) => ({ question: `question ${number}?`, answer: `answer ${number}` });
const history = { messages: [1, 2, 3, 4].map(turn) };
const cost = countTokens(JSON.stringify(turn(1)));

describe("trimHistory", () => {
  test("keeps the newest turns that fit, whole", () => {
    expect(trimHistory(history, { tokens: 2 * cost }).messages).toEqual([turn(3), turn(4)]);
    expect(trimHistory(history, { tokens: 2 * cost + 1 }).messages).toHaveLength(2);
    expect(trimHistory(history, { tokens: 100 * cost })).toEqual(history);
    expect(trimHistory(history, { tokens: cost - 1 }).messages).toEqual([]);
    expect(trimHistory({ messages: [] }, { tokens: 0 }).messages).toEqual([]);
  });

  test("leaves no gap: what stands before a turn that is too long goes as well", () => {
    const long = { question: "why? ".repeat(200), answer: "" };
    const messages = [turn(1), long, turn(3)];
    expect(trimHistory({ messages }, { tokens: 3 * cost }).messages).toEqual([turn(3)]);
  });

  test("needs a number of tokens", () => {
    for (const tokens of [-1, NaN]) {
      expect(() => trimHistory(history, { tokens })).toThrow(ConfigurationError);
    }
  });
});

describe("historyTokens of a call", () => {
  test("trims the conversations of all its predictors, and is no member of a request", async () => {
    const asked: LMRequest[] = [];
    const lm = new FunctionModel((request) => {
      asked.push(request);
      return '{"answer": "a", "reasoning": "r", "next_thought": "", "next_tool_name": "finish", "next_tool_args": {}}';
    });
    const settings = { lm, historyTokens: 2 * cost };
    const step = new Predict("history: History, question -> answer");
    await step.call({ history, question: "now?" }, settings);
    expect(asked[0]!.messages.map(({ content }) => content)).toEqual([
      expect.anything(),
      ...[expect.stringContaining("question 3?"), expect.stringContaining("answer 3")],
      ...[expect.stringContaining("question 4?"), expect.stringContaining("answer 4")],
      expect.stringContaining("now?"),
    ]);
    expect(asked[0]).not.toHaveProperty("historyTokens");
    expect(step.prompt({ history, question: "now?" }, settings)).toEqual(asked[0]!.messages);
    const maybe = new Predict("history: Optional[History], question -> answer");
    await maybe.call({ history: null, question: "now?" }, settings);
    expect(asked[1]!.messages).toHaveLength(2);
    expect(JSON.stringify(maybe.prompt({ history, question: "now?" }, settings))).not.toContain("answer 2");
    await step.call({ history, question: "now?" }, { lm });
    expect(asked[2]!.messages).toHaveLength(10);

    const ping = tool(() => "pong", { name: "ping", description: "Pings." });
    const agent = new ReAct("history: History, question -> answer", { tools: [ping] });
    await agent.call({ history, question: "now?" }, settings);
    const prompt = JSON.stringify(asked[3]!.messages);
    expect(prompt).toContain("answer 3");
    expect(prompt).not.toContain("answer 2");
  });
});
