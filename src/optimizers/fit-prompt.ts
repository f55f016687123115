import { ConfigurationError } from "../core/index.ts";
import type { Message } from "../lm/index.ts";
import type { Module } from "../modules/index.ts";
import { isPlain } from "../modules/structure.ts";

/** A program of one step, whose prompt can be seen before it is sent. */
export type Proposer = Module & { prompt(inputs: never): Message[] };

type Inputs = Readonly<Record<string, unknown>>;

/**
 * The inputs with the longest texts in them shortened, so that the proposer's whole prompt has at most `limit`
 * characters. Throws ConfigurationError where the proposer's own words are more than that.
 */
export function fitPrompt(proposer: Proposer, inputs: Inputs, limit: number): Inputs {
  const fits = (given: Inputs) => promptLength(proposer, given) <= limit;
  if (fits(inputs)) return inputs;
  let [low, high] = [0, limit];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(shortened(inputs, middle))) low = middle;
    else high = middle - 1;
  }
  const short = shortened(inputs, low);
  if (!fits(short)) {
    throw new ConfigurationError(
      `maxPromptLength is ${limit} characters, and the proposer's prompt has ${promptLength(proposer, short)} ` +
        `without any text of the runs; allow more`,
    );
  }
  return short;
}

function promptLength(proposer: Proposer, inputs: Inputs): number {
  return proposer
    .prompt(inputs as never)
    .reduce(
      (sum, { content }) =>
        sum + (typeof content === "string" ? content : JSON.stringify(content ?? "")).length,
      0,
    );
}

function shortened(inputs: Inputs, longest: number): Inputs {
  const shorten = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shorten);
    if (isPlain(value)) return mapValues(value, shorten);
    if (typeof value !== "string" || value.length <= longest) return value;
    // Half of a surrogate pair is no text.
    const kept = value.slice(0, longest).replace(/[\uD800-\uDBFF]$/, "");
    return `${kept} … [${value.length - kept.length} characters left out]`;
  };
  return mapValues(inputs, shorten);
}

function mapValues(given: Inputs, edit: (value: unknown) => unknown): Inputs {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, edit(value)]));
}
