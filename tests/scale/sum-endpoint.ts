import { createHash } from "node:crypto";
import { Dataset } from "../../src/data/index.ts";
import { OpenAIModel } from "../../src/lm/index.ts";
import { random } from "../../src/core/index.ts";
import { answerFields } from "../support/answer-fields.ts";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";

/** A stand-in for a model of known strength: it adds up to `strength` numbers nearly without fail, and fewer of more. */
export interface SumModel {
  endpoint: FaultyEndpoint;
  lm: OpenAIModel;
}

/** Between 0 and 1, the same for the same text. */
function chance(...parts: unknown[]): number {
  return createHash("sha256").update(JSON.stringify(parts)).digest().readUInt32LE(0) / 2 ** 32;
}

/** Whether a model of this name and strength adds these numbers up rightly. */
export function isRight(name: string, strength: number, numbers: readonly number[]): boolean {
  return chance(name, "right", numbers) < 0.995 / (1 + Math.exp(numbers.length - strength - 2));
}

/** Starts a stand-in at a price in US dollars per million tokens. It is surer of right answers than of wrong ones. */
export async function startSumModel(
  name: string,
  { strength, price, delay = 0 }: { strength: number; price: number; delay?: number },
): Promise<SumModel> {
  const endpoint = await startEndpoint({
    delay,
    reply: (body) => {
      const text = String(body.messages.at(-1)!.content);
      const numbers = /Add ([\d, ]+)/.exec(text)![1]!.split(",").map(Number);
      const sum = numbers.reduce((total, one) => total + one, 0);
      const right = isRight(name, strength, numbers);
      const sure = (right ? 0.75 : 0.35) + 0.25 * chance(name, "sure", numbers);
      const token = answerFields(body, { total: right ? sum : sum + 1 });
      return { text: token, logprobs: [{ token, logprob: Math.log(sure), top_logprobs: [] }] };
    },
  });
  const lm = new OpenAIModel({
    baseURL: endpoint.baseURL,
    model: name,
    apiKey: "none",
    price: { input: price, output: 4 * price },
    abilities: { jsonSchema: true },
  });
  return { endpoint, lm };
}

/** Sums of 2 to 20 numbers, most of few. */
export function sums(count: number, seed: number): Dataset<{ task: string; total: number }> {
  const { next, integer } = random(seed);
  return Dataset.from(
    Array.from({ length: count }, () => {
      const numbers = Array.from({ length: 2 + Math.floor(18 * next() ** 2) }, () => 1 + integer(99));
      return { task: `Add ${numbers.join(", ")}`, total: numbers.reduce((total, one) => total + one, 0) };
    }),
  );
}
