import { ConfigurationError } from "../core/index.ts";
import type { CallOptions, Choice, JsonSchema, LanguageModel, LMRequest } from "./request.ts";
import { jsonValueSpan } from "./json-value-span.ts";

/** A value that a `Literal` field may take. */
export type Label = string | number | boolean;

/** How likely a model holds a label to be, among the labels it had to choose from. */
export interface LabelLogprob {
  label: Label;
  /** Natural logarithm; over all labels the probabilities add up to 1. */
  logprob: number;
}

/**
 * The log-probability a model gives to each label of a field, in the order of `labels`.
 *
 * `request` must ask for a JSON object (`responseFormat`) with `field` among its properties. One call suffices
 * where each label is a single token among the 20 likeliest; else each label is scored by a call whose schema
 * allows only that label, and what its tokens weigh is added up. Prompt caches make these calls cheap. A field
 * written before `field` is written greedily, so that all labels follow the same text.
 *
 * Throws ConfigurationError where the endpoint cannot constrain by a schema or tells no log-probabilities.
 */
export async function labelLogprobs(
  model: LanguageModel,
  request: LMRequest,
  field: string,
  labels: readonly Label[],
  options?: CallOptions,
): Promise<LabelLogprob[]> {
  if (model.abilities.jsonSchema === false || model.abilities.logprobs === false)
    throw new ConfigurationError(
      `model "${model.name}" cannot weigh labels: that takes an endpoint with json_schema and logprobs`,
    );
  const ask = async (allowed: readonly Label[], topLogprobs: number) => {
    const asked = { ...constrain(request, field, allowed), temperature: 0, n: 1, topLogprobs };
    const choice = (await model.complete(asked, options)).choices[0]!;
    if (!choice.logprobs)
      throw new ConfigurationError(`model "${model.name}" tells no log-probabilities, though asked for them`);
    return choice;
  };
  const free = readLabelLogprobs(await ask(labels, 20), field, labels);
  if (free) return normalize(free);
  const scored = await Promise.all(
    labels.map(async (label) => ({ label, logprob: logprobOfValue(await ask([label], 1), field) })),
  );
  return normalize(scored);
}

/**
 * The labels' log-probabilities from one answer, not normalised; undefined where the answer does not tell them
 * exactly: a label of several tokens, or one that is not among the alternatives.
 */
export function readLabelLogprobs(
  choice: Choice,
  field: string,
  labels: readonly Label[],
): LabelLogprob[] | undefined {
  const place = locate(choice, field);
  if (!place) return undefined;
  const { span, starts } = place;
  const text = choice.text.slice(span.start, span.end);
  // The quote may be a token of its own, or the first letter of the label's token.
  const labelStart = span.start + (text.startsWith('"') ? 1 : 0);
  const index = starts.findLastIndex((start) => start <= labelStart);
  const token = choice.logprobs?.[index];
  if (!token) return undefined;
  const lead = token.token.slice(0, labelStart - starts[index]!);
  const spellings = labels.map((label) => JSON.stringify(label).replace(/^"|"$/g, ""));
  // "1" would count for "10" as well.
  if (spellings.some((a) => spellings.some((b) => a !== b && b.startsWith(a)))) return undefined;
  const result: LabelLogprob[] = [];
  for (const [position, label] of labels.entries()) {
    const spelt = spellings[position]!;
    const found = token.top.filter(
      (other) => other.token === lead + spelt || other.token === `${lead}${spelt}"`,
    );
    if (found.length === 0) return undefined;
    result.push({ label, logprob: logSumExp(found.map((other) => other.logprob)) });
  }
  return result;
}

/** What the tokens of the field's value weigh together; those of the whole answer where they cannot be told apart. */
function logprobOfValue(choice: Choice, field: string): number {
  const place = locate(choice, field);
  const tokens = choice.logprobs ?? [];
  if (!place) return tokens.reduce((sum, { logprob }) => sum + logprob, 0);
  const { span, starts } = place;
  // A string ends with its quote; a number only where something else follows.
  const end = choice.text[span.start] === '"' ? span.end : span.end + 1;
  return tokens
    .filter(({ token }, index) => starts[index]! < end && starts[index]! + token.length > span.start)
    .reduce((sum, { logprob }) => sum + logprob, 0);
}

/** Where the value of `field` stands in the text, and where each token starts; undefined where that is not clear. */
function locate(choice: Choice, field: string) {
  const starts: number[] = [];
  let text = "";
  for (const { token } of choice.logprobs ?? []) {
    starts.push(text.length);
    text += token;
  }
  const span = jsonValueSpan(choice.text, field);
  // Endpoints trim the text, or take it out of a fence; tokens that hold part of a character do not add up to it.
  const offset = text.indexOf(choice.text);
  return span && offset >= 0 ? { span, starts: starts.map((start) => start - offset) } : undefined;
}

function constrain(request: LMRequest, field: string, labels: readonly Label[]): LMRequest {
  const { responseFormat } = request;
  const properties = responseFormat?.schema.properties as Record<string, JsonSchema> | undefined;
  if (!responseFormat || !properties || !Object.hasOwn(properties, field))
    throw new ConfigurationError(
      `the request asks for no JSON object with a field "${field}"; labels can be weighed only in one that does`,
    );
  const schema = {
    ...responseFormat.schema,
    properties: { ...properties, [field]: { enum: [...labels] } },
  };
  return { ...request, responseFormat: { ...responseFormat, schema } };
}

function normalize(scored: LabelLogprob[]): LabelLogprob[] {
  const total = logSumExp(scored.map(({ logprob }) => logprob));
  return scored.map(({ label, logprob }) => ({ label, logprob: logprob - total }));
}

function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
