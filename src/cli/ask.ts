import { Command } from "commander";
import { MaintenanceChatbot } from "../applications/index.ts";
import { connect } from "../lm/index.ts";
import { Index } from "../retrieval/index.ts";
import { asOption, jsonOption, principalOf, timeoutOption, wholeNumber } from "./options.ts";
import { say, sayJson } from "./output.ts";

/** What asking and chatting share. */
export interface AskFlags {
  as: string[];
  k: number;
  timeout: number;
}

/** `lmframe ask NAME QUESTION`: one answer from an index, with its citations. */
export function askCommand(): Command {
  return new Command("ask")
    .summary("answer a question from an index, citing its entries")
    .description(
      "Answers from the entries that the groups may see, and says so where they do not hold the answer. A model at " +
        "an endpoint of yours writes the answer; without one the entry that fits best is quoted.",
    )
    .argument("<name>", "index to answer from")
    .argument("<question>", "in plain words")
    .addOption(asOption())
    .option("--k <passages>", "entries to answer from", wholeNumber(1), 5)
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Exit code 0: done, also where the entries do not hold the answer. 1: it could not be.

Example:
  $ lmframe ask logbook "What was done when the nose gear shimmied?" --as mechanics`,
    )
    .action(async (name: string, question: string, flags: AskFlags & { json?: boolean }) => {
      const started = performance.now();
      const { chatbot, settings } = await chatbotOf(name, flags);
      const { answer, answered, citations, follow_up, urgency } = await chatbot.call({ question }, settings);
      const seconds = (performance.now() - started) / 1000;
      if (flags.json) sayJson({ answer, answered, citations, follow_up, urgency, seconds });
      else sayAnswer({ answer, citations, follow_up, urgency });
    });
}

/** The chatbot over an index, and on whose behalf it is called. */
export async function chatbotOf(name: string, { as, k, timeout }: AskFlags) {
  const principal = principalOf(as);
  const index = await Index.open(name);
  const own = process.env.OPENAI_BASE_URL ?? process.env.OPENAI_API_KEY;
  await connect({ timeout });
  const chatbot = new MaintenanceChatbot(index, { k, answers: own ? "written" : "quoted" });
  return { chatbot, settings: { principal } };
}

/** An answer as a person reads it in a terminal. */
export function sayAnswer({
  answer,
  citations,
  follow_up,
  urgency,
}: {
  answer: string;
  citations: readonly { id: string; text: string }[];
  follow_up: string;
  urgency: string;
}): void {
  say(answer);
  for (const { id, text } of citations) say(`  [${id}] ${text}`);
  say(`  next: ${follow_up} (${urgency})`);
}
