import type { Adapter, AnySignature } from "../../adapters/adapter.ts";
import { askAgain, converse, type Layout } from "../../adapters/conversation.ts";
import { inputLines, jsonAdapter } from "../../adapters/json.ts";
import { type Member, readJson, unreadable } from "../../adapters/json-reader.ts";
import { type FoundFields, readOutputs } from "../../adapters/reply.ts";
import { answerOf } from "../../adapters/thoughts.ts";
import { isUnreadable, ParseError } from "../../core/index.ts";
import type { Message, ToolCall, ToolDefinition } from "../../lm/index.ts";
import { earlier, finish, plannedCalls } from "./step.ts";
import type { Step } from "./trajectory.ts";

/**
 * A step of an agent in the endpoint's own tool calls: the steps so far stand as calls and their results, and the
 * next calls are read from the reply. One of them is asked for in each step, `finish` at the end.
 *
 * @param textEnds - whether a reply in prose, without a call, ends the run; else it cannot be read. An endpoint that
 * pays no heed to tools answers so.
 */
export function nativeStep(
  tools: readonly ToolDefinition[],
  steps: readonly Step[],
  textEnds: boolean,
): Adapter {
  const definitions = [
    ...tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    { name: finish, description: "Ends the work.", parameters: { type: "object", properties: {} } },
  ];
  return {
    name: "tool calls",
    format(signature, demos, { trajectory: _, ...inputs }) {
      return [...converse(layout(), signature, demos, inputs), ...stepMessages(steps)];
    },
    constraint: () => ({ tools: definitions, toolChoice: "required" }),
    parse(signature, completion, { toolCalls = [], ...options } = {}) {
      if (toolCalls.length > 0)
        return readOutputs(signature, completion, foundCalls(completion, toolCalls, options.cut));
      try {
        // Models that were not taught this endpoint's form write their call as text.
        return jsonAdapter.parse(signature, completion, options);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        const thought = answerOf(completion);
        if (textEnds && !options.cut && thought !== "" && !thought.includes("next_tool_name"))
          return { next_thought: thought, next_tool_name: finish, next_tool_args: {} };
        throw new ParseError("the reply calls no tool", { completion, field: "next_tool_name" });
      }
    },
    reask: (_signature, completion, problem) =>
      askAgain(completion, problem, `Call a tool; call \`${finish}\` once there is nothing left to do.`),
    reader: () => ({ push: (text) => (text ? [{ field: "next_thought", delta: text }] : []), end: () => [] }),
  };
}

function foundCalls(completion: string, calls: readonly ToolCall[], cut = false): FoundFields {
  const args = calls.map(({ arguments: text }) => {
    const read = text.trim() === "" ? {} : readJson(text, { cut });
    return read === unreadable ? text : read;
  });
  const one = calls.length === 1;
  const member = (values: unknown[]) => ({ value: one ? values[0] : values, source: JSON.stringify(values) });
  return new Map<string, { readonly text: string } | Member>([
    ["next_thought", { text: answerOf(completion) }],
    ["next_tool_name", member(calls.map(({ name }) => name))],
    ["next_tool_args", member(args)],
  ]);
}

function layout(): Layout {
  let examples = 0;
  return {
    system(signature) {
      const described = signature.inputs.filter(({ description }) => description !== "");
      const lines = described.map(({ name, description }) => `- ${name}: ${description}`);
      return [
        signature.instructions,
        ...(lines.length > 0 ? [`You are given:\n${lines.join("\n")}`] : []),
      ].join("\n\n");
    },
    user: (_signature, fields, values) => inputLines(fields, values),
    assistant(_signature: AnySignature, values) {
      const thought = typeof values.next_thought === "string" ? values.next_thought : "";
      if (values.next_tool_name === undefined) return thought;
      const id = `example_${++examples}`;
      const calls = plannedCalls({ next_tool_args: {}, ...values });
      const named = calls.map(({ tool, args }, index) => ({ id: `${id}_${index}`, name: tool, args }));
      return callMessages(
        thought,
        named.map((call) => ({ ...call, outcome: "(The outcome is not part of this example.)" })),
      );
    },
  };
}

function stepMessages(steps: readonly Step[]): Message[] {
  const messages: Message[] = earlier(steps).map((content) => ({ role: "user", content }));
  const groups = new Map<number, Step[]>();
  for (const step of steps) groups.set(step.step, [...(groups.get(step.step) ?? []), step]);
  for (const [number, group] of groups) {
    const [first] = group;
    if (first!.tool === null) {
      messages.push({ role: "user", content: first!.observation });
      continue;
    }
    const calls = group.map(({ tool, args, observation }, index) => ({
      id: `call_${number}_${index}`,
      name: tool!,
      args,
      outcome: observation,
    }));
    messages.push(...callMessages(first!.thought, calls));
  }
  return messages;
}

/** The message that calls tools, and one for the outcome of each. */
function callMessages(
  thought: string,
  calls: readonly { id: string; name: string; args: unknown; outcome: string }[],
): Message[] {
  const toolCalls = calls.map(({ id, name, args }) => ({ id, name, arguments: JSON.stringify(args) }));
  return [
    { role: "assistant", content: thought, toolCalls },
    ...calls.map(({ id, outcome }) => ({ role: "tool" as const, content: outcome, toolCallId: id })),
  ];
}
