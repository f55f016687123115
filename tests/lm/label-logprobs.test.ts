import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import {
  type Choice,
  FunctionModel,
  type LMRequest,
  labelLogprobs,
  type TokenLogprob,
} from "../../src/lm/index.ts";
import { jsonValueSpan } from "../../src/lm/json-value-span.ts";

const request: LMRequest = {
  messages: [{ role: "user", content: "Lost my bag again" }],
  responseFormat: {
    name: "answer",
    schema: {
      type: "object",
      properties: { note: { type: "string" }, sentiment: { enum: ["negative", "neutral"] } },
      required: ["note", "sentiment"],
      additionalProperties: false,
    },
  },
};

const token = (token: string, logprob: number, top: [string, number][] = []): TokenLogprob => ({
  token,
  logprob,
  top: top.map(([token, logprob]) => ({ token, logprob })),
});

function choice(logprobs: TokenLogprob[]): Partial<{ choices: Choice[] }> {
  const text = logprobs.map(({ token }) => token).join("");
  return { choices: [{ text, toolCalls: [], finishReason: "stop", logprobs }] };
}

const sum = (labels: { logprob: number }[]) =>
  labels.reduce((total, { logprob }) => total + Math.exp(logprob), 0);

const allowed = ({ responseFormat }: LMRequest) =>
  (responseFormat!.schema.properties as Record<string, { enum: string[] }>).sentiment!.enum;

describe("labelLogprobs", () => {
  test("one call suffices where every label is one token among the alternatives", async () => {
    const asked: LMRequest[] = [];
    const model = new FunctionModel((request) => {
      asked.push(request);
      return choice([
        token('{"note": "neutral", "sentiment": ', -9),
        token('"', -0.1),
        token("negative", Math.log(0.3), [
          ["negative", Math.log(0.3)],
          ["neutral", Math.log(0.1)],
          ["bad", Math.log(0.6)],
        ]),
        token('"}', -0.1),
      ]);
    });
    const labels = await labelLogprobs(model, request, "sentiment", ["neutral", "negative"]);
    expect(labels.map(({ label }) => label)).toEqual(["neutral", "negative"]);
    expect(Math.exp(labels[1]!.logprob)).toBeCloseTo(0.75, 9);
    expect(sum(labels)).toBeCloseTo(1, 9);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ temperature: 0, topLogprobs: 20 });
  });

  test("a quote that belongs to the label's token belongs to the alternatives too", async () => {
    const model = new FunctionModel(() =>
      choice([
        token('{"note": "", "sentiment":', -1),
        token(' "negative"', Math.log(0.2), [
          [' "negative"', Math.log(0.2)],
          [' "neutral"', Math.log(0.2)],
          ["neutral", Math.log(0.5)],
        ]),
        token("}", 0),
      ]),
    );
    const labels = await labelLogprobs(model, request, "sentiment", ["negative", "neutral"]);
    expect(Math.exp(labels[0]!.logprob)).toBeCloseTo(0.5, 9);
  });

  test("tokens that the endpoint left out of the text, around the answer, are passed over", async () => {
    const model = new FunctionModel(() => ({
      choices: [
        {
          ...choice([
            token("```json\n", -5),
            token('{"note": "", "sentiment": "', -1),
            token("neutral", Math.log(0.2), [
              ["neutral", Math.log(0.2)],
              ["negative", Math.log(0.6)],
            ]),
            token('"}', -0.1),
            token("\n```", -12),
          ]).choices![0]!,
          text: '{"note": "", "sentiment": "neutral"}',
        },
      ],
    }));
    const labels = await labelLogprobs(model, request, "sentiment", ["negative", "neutral"]);
    expect(Math.exp(labels[0]!.logprob)).toBeCloseTo(0.75, 9);
  });

  test("labels of several tokens are scored one by one, by the tokens of the value alone", async () => {
    const weights: Record<string, [number, number]> = { negative: [0.5, 0.4], neutral: [0.5, 0.1] };
    const calls: string[][] = [];
    const model = new FunctionModel((request) => {
      const labels = allowed(request);
      calls.push(labels);
      const label = labels[0]!;
      const [first, second] = weights[label]!;
      return choice([
        // What stands before weighs differently in each call, and must not count.
        token('{"note": "x", "sentiment": ', label === "neutral" ? -50 : 0),
        token('"', Math.log(1)),
        token(label.slice(0, 2), Math.log(first), [["ne", Math.log(first)]]),
        token(label.slice(2), Math.log(second)),
        token('"', 0),
        token("}", label === "neutral" ? 0 : -50),
      ]);
    });
    const labels = await labelLogprobs(model, request, "sentiment", ["negative", "neutral"]);
    expect(calls).toEqual([["negative", "neutral"], ["negative"], ["neutral"]]);
    expect(Math.exp(labels[0]!.logprob)).toBeCloseTo(0.8, 9);
    expect(sum(labels)).toBeCloseTo(1, 9);
  });

  test("a number that begins another is told from it by what follows", async () => {
    const follow: Record<string, number> = { "1": 0.2, "10": 0.9 };
    const model = new FunctionModel((request) => {
      const label = String(allowed(request)[0]);
      const digits = label.split("").map((digit) =>
        token(digit, Math.log(0.5), [
          ["1", -1],
          ["10", -1],
        ]),
      );
      return choice([token('{"sentiment":', 0), ...digits, token("}", Math.log(follow[label]!))]);
    });
    const labels = await labelLogprobs(model, request, "sentiment", [1, 10]);
    const [one, ten] = [0.5 * 0.2, 0.25 * 0.9];
    expect(Math.exp(labels[0]!.logprob)).toBeCloseTo(one / (one + ten), 9);
  });

  test("says what is missing", async () => {
    const unable = new FunctionModel(() => "x", { abilities: { logprobs: false } });
    await expect(labelLogprobs(unable, request, "sentiment", ["a"])).rejects.toThrow(ConfigurationError);
    const silent = new FunctionModel(() => '{"sentiment": "a"}');
    await expect(labelLogprobs(silent, request, "sentiment", ["a"])).rejects.toThrow(
      /tells no log-probabilities/,
    );
    await expect(labelLogprobs(silent, request, "mood", ["a"])).rejects.toThrow(
      /no JSON object with a field "mood"/,
    );
  });
});

test.each([
  ['{"a": 1, "b": "x"}', "b", '"x"'],
  ['{"a": {"b": 2}, "b": [1, {"b": 3}]}', "b", '[1, {"b": 3}]'],
  ['{"a": "\\"b\\": 9", "b": true}', "b", "true"],
  ['{\n "b" : -1.5e3\n}', "b", "-1.5e3"],
  ['{"x": "b", "b": null}', "b", "null"],
  ['{"x": "b"}', "b", undefined],
  ["no json", "b", undefined],
])("the value of a member in %s", (text, member, value) => {
  const span = jsonValueSpan(text, member);
  expect(span && text.slice(span.start, span.end)).toBe(value);
});
