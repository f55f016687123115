import { isHistory } from "../signature/index.ts";
import type { History } from "../signature/index.ts";
import type { AnySignature } from "../adapters/index.ts";
import { RequestFailure } from "./failure.ts";

/** Which fields of a program are those of a conversation. */
export interface ConversationFields {
  readonly question: string;
  /** Where earlier turns go; undefined where the program takes none. */
  readonly history: string | undefined;
  readonly answer: string;
}

/**
 * How to talk to a program: it takes one text, and earlier turns where it can. The answer is its output `answer` or
 * `response`, else its first text, reasons aside, else its last. Undefined for a program that takes more.
 */
export function conversationFields({ inputs, outputs }: AnySignature): ConversationFields | undefined {
  const history = inputs.find(({ type }) => isHistory(type))?.name;
  const needed = inputs.filter(({ name, type }) => name !== history && type.kind !== "optional");
  const [question] = needed;
  if (needed.length !== 1 || question?.type.kind !== "string") return undefined;
  const answer =
    outputs.find(({ name }) => name === "answer" || name === "response") ??
    outputs.find(({ name, type }) => type.kind === "string" && name !== "reasoning") ??
    outputs.at(-1)!;
  return { question: question.name, history, answer: answer.name };
}

/**
 * The inputs that a chat client's messages are: the last one asks, those before it are turns. What a client says as
 * `system` is left out: the program has its instructions, and its callers give it none.
 *
 * @throws RequestFailure 400 for messages that ask nothing.
 */
export function conversationInputs(fields: ConversationFields, messages: unknown): Record<string, unknown> {
  if (!Array.isArray(messages) || messages.length === 0) throw asksNothing("`messages` is empty or no list");
  const said = messages.flatMap((message: unknown) => {
    const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown };
    return role === "user" || role === "assistant" ? [{ role, text: textOf(content) }] : [];
  });
  const last = said.pop();
  if (last?.role !== "user") throw asksNothing("the last message is not the user's");
  const turns: Record<string, string>[] = [];
  for (const { role, text } of said) {
    const turn = turns.at(-1);
    if (role === "user") turns.push({ [fields.question]: text });
    else if (turn && !(fields.answer in turn)) turn[fields.answer] = text;
  }
  const history: History = { messages: turns.filter((turn) => fields.answer in turn) };
  return {
    [fields.question]: last.text,
    ...(fields.history !== undefined && { [fields.history]: history }),
  };
}

/** A message's text; of parts those that are text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) {
    return content
      .map((part: unknown) => {
        const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
        if (type !== "text" || typeof text !== "string")
          throw new RequestFailure(400, "the program takes texts; a message holds something else");
        return text;
      })
      .join("\n");
  }
  throw asksNothing("a message has no content");
}

function asksNothing(why: string): RequestFailure {
  return new RequestFailure(400, `nothing is asked: ${why}`);
}

/** An output as text. */
export function answerText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
