import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LmframeError, TooLongError, UnreachableError } from "../../src/core/index.ts";
import { FunctionModel, type FunctionReply, type LMRequest } from "../../src/lm/index.ts";
import { ReAct, type Step, tool, trajectoryOf } from "../../src/modules/index.ts";

/** What a stand-in does when it is asked for a step. */
type Move =
  | { kind: "call"; names: string[]; args: unknown; native: boolean }
  | { kind: "text"; text: string }
  | { kind: "throw"; error: "outage" | "too long" };

const args = fc.oneof(
  fc.constant({ text: "x" }),
  fc.constant({ text: 5, extra: true }),
  fc.constant({}),
  fc.constant([{ text: "a" }, { text: "b" }]),
  fc.jsonValue(),
);
const name = fc.constantFrom(
  "echo",
  "fail",
  "huge",
  "deaf",
  "circular",
  "finish",
  "unknown",
  "Echo",
  "__proto__",
  "",
);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("call" as const),
      names: fc.array(name, { minLength: 1, maxLength: 3 }),
      args,
      native: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("text" as const),
      text: fc.oneof(
        fc.string(),
        fc.constantFrom("", "{", '{"next_thought": "cut', "I am done.", '{"next_tool_name": "echo"}', "null"),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("throw" as const),
      error: fc.constantFrom("outage" as const, "too long" as const),
    }),
  },
);

const tools = [
  tool(({ text }) => `said ${text}`, {
    name: "echo",
    description: "Says it.",
    parameters: z.object({ text: z.string() }),
  }),
  tool(() => Promise.reject(new TypeError("broken inside")), { name: "fail", description: "Fails." }),
  tool(() => "z".repeat(100_000), { name: "huge", description: "Says much." }),
  tool(() => new Promise(() => undefined), { name: "deaf", description: "Hangs.", maxSeconds: 0.001 }),
  tool(
    () => {
      const loop: Record<string, unknown> = {};
      return (loop.self = loop);
    },
    { name: "circular", description: "Gives what is no JSON." },
  ),
];

function replyOf(move: Move, native: boolean): FunctionReply {
  if (move.kind === "throw")
    throw move.error === "outage" ? new UnreachableError("down") : new TooLongError("the context is full");
  if (move.kind === "text") return move.text;
  const [first, ...others] = move.names;
  if (native && move.native) {
    const toolCalls = move.names.map((name, index) => ({
      id: String(index),
      name,
      arguments: JSON.stringify(move.args),
    }));
    return { choices: [{ text: "", toolCalls, finishReason: "tool_calls" }] };
  }
  return JSON.stringify({
    next_thought: "t",
    next_tool_name: others.length > 0 ? move.names : first,
    next_tool_args: move.args,
  });
}

describe("whatever a model does", () => {
  test("a run ends with an answer, or with an error that has the trajectory; which is whole, and in order", async () => {
    const outcomes = { answered: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { maxLength: 15 }),
        fc.constantFrom(true, false, undefined),
        fc.constantFrom("fine", "unreadable", "outage"),
        async (moves, abilities, ending) => {
          let next = 0;
          let asked = 0;
          const lm = new FunctionModel(
            (request: LMRequest) => {
              asked++;
              const native = request.tools !== undefined;
              const isStep = native || JSON.stringify(request.responseFormat).includes("next_tool_name");
              if (isStep) {
                const played = moves[next++];
                return played
                  ? replyOf(played, native)
                  : '{"next_thought": "", "next_tool_name": "finish", "next_tool_args": {}}';
              }
              if (ending === "outage") throw new UnreachableError("down");
              return ending === "fine" ? '{"reasoning": "", "answer": 7}' : "no";
            },
            { abilities: { tools: abilities } },
          );
          const agent = new ReAct("question -> answer: int", { tools, maxSteps: 8, maxObservation: 500 });
          let trajectory: readonly Step[] | undefined;
          try {
            const outputs = await agent.call({ question: "?" }, { lm });
            expect(outputs.answer).toBe(7);
            trajectory = outputs.trajectory;
            outcomes.answered++;
          } catch (error) {
            expect(error).toBeInstanceOf(LmframeError);
            trajectory = trajectoryOf(error);
            outcomes.failed++;
          }
          expect(trajectory).toBeDefined();
          // Each step costs two requests at most, two more where tool calls are found missing, and the answer two.
          expect(asked).toBeLessThanOrEqual(8 * 2 + 2 + 2 + 20);
          let last = 0;
          for (const { step, tool, observation, error } of trajectory!) {
            expect([last, last + 1]).toContain(step);
            last = step;
            expect(observation.length).toBeLessThan(600);
            expect(observation).not.toBe("");
            if (tool === null) expect(error).toContain("ParseError");
            else expect([...tools.map(({ name }) => name), "finish"]).toContain(tool);
          }
          expect(last).toBeLessThanOrEqual(8);
          const ended = trajectory!.findIndex(({ tool }) => tool === "finish");
          if (ended >= 0) expect(trajectory!.slice(ended).every(({ step }) => step === last)).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
    // The property would hold of runs that all end in one way.
    expect(outcomes.answered).toBeGreaterThan(20);
    expect(outcomes.failed).toBeGreaterThan(20);
  });
});
