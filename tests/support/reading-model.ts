import { answerFields } from "./answer-fields.ts";
import type { ChatBody } from "./faulty-endpoint.ts";

/**
 * What a model on loopback says that reads: each output the request wants, by the words of its text. Always the same
 * for the same request, so that a program asked in two places gives the same.
 */
export function readAnswer(request: ChatBody): string {
  const text = JSON.stringify(request.messages.at(-1)!.content);
  const said: Record<string, unknown> = {
    reasoning: `It has ${text.length} characters.`,
    sentiment: text.includes("love") ? "good" : "bad",
    category: text.includes("bag") ? "luggage" : "other",
    score: text.length / 8,
    count: text.length,
  };
  return answerFields(request, said);
}
