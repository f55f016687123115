import { exactMatch, type FieldMetric, tokenF1 } from "../../metrics/index.ts";
import type { Module } from "../../modules/index.ts";
import { type Optimizer, RandomSearch } from "../../optimizers/index.ts";
import { conversationFields } from "../conversation.ts";

/** How an answer is scored against one that was rated well: F1 of words where it is a text, else exact match. */
export function answerMetric({ signature }: Module): FieldMetric {
  const { outputs } = signature;
  const answer = conversationFields(signature)?.answer ?? outputs.at(-1)!.name;
  const { type } = outputs.find(({ name }) => name === answer)!;
  return type.kind === "string" ? tokenF1(answer) : exactMatch(answer);
}

/** The default strategy: a search over sets of examples, which takes few rows and no proposer. */
export function examplesSearch(program: Module): Optimizer {
  // Of a text nobody writes the same words twice: what shares most of them may serve as an example.
  const threshold = 0.6;
  return new RandomSearch({ metric: answerMetric(program), threshold, numCandidates: 8, maxLabeledDemos: 8 });
}
