import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { LmframeError } from "../core/index.ts";
import { type AskFlags, chatbotOf, sayAnswer } from "./ask.ts";
import { asOption, timeoutOption, wholeNumber } from "./options.ts";
import { note } from "./output.ts";

/** Tokens of the conversation that a model is shown; older turns are left out. */
const historyTokens = 1000;

/** `lmframe chat NAME`: a conversation over an index. */
export function chatCommand(): Command {
  return new Command("chat")
    .summary("talk to an index in the terminal")
    .description("Like `ask`, question after question; each is understood from those before it.")
    .argument("<name>", "index to answer from")
    .addOption(asOption())
    .option("--k <passages>", "entries to answer from", wholeNumber(1), 5)
    .addOption(timeoutOption())
    .addHelpText(
      "after",
      `
An empty line or Ctrl-D ends it. Questions may also be piped in, one to a line.

Example:
  $ lmframe chat logbook --as mechanics`,
    )
    .action(async (name: string, flags: AskFlags) => {
      const { chatbot, settings } = await chatbotOf(name, flags);
      const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: "? " });
      const messages: { question: string; answer: string }[] = [];
      lines.prompt();
      for await (const line of lines) {
        const question = line.trim();
        if (question === "") break;
        try {
          const history = { messages };
          const answer = await chatbot.call({ question, history }, { ...settings, historyTokens });
          messages.push({ question: answer.search_query, answer: answer.answer });
          sayAnswer(answer);
        } catch (error) {
          // One question that could not be answered does not end the conversation.
          if (!(error instanceof LmframeError)) throw error;
          note(error.message);
        }
        lines.prompt();
      }
      lines.close();
    });
}
