import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connect, currentLM, labelLogprobs, type LanguageModel, type LMRequest } from "../../src/lm/index.ts";

let model: LanguageModel | undefined;
let reason = "";

beforeAll(async () => {
  for (const name of ["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"]) vi.stubEnv(name, "");
  try {
    model = await connect();
  } catch (error) {
    reason = (error as Error).message;
  }
}, 120_000);
afterAll(() => {
  vi.unstubAllEnvs();
  currentLM.set(undefined);
});

const classify: LMRequest = {
  messages: [
    { role: "system", content: "Classify the sentiment of a customer's message. Answer in JSON." },
    { role: "user", content: "You lost my bag again and nobody helps. Terrible, the worst airline." },
  ],
  temperature: 0,
  maxTokens: 60,
  responseFormat: {
    name: "answer",
    schema: {
      type: "object",
      properties: { sentiment: { type: "string", enum: ["negative", "neutral", "positive"] } },
      required: ["sentiment"],
      additionalProperties: false,
    },
  },
};

describe("the embedded model", () => {
  test("answers within its schema, for nothing, and is known by its file", async ({ skip }) => {
    if (!model) return skip(`no embedded model here: ${reason}`);
    const response = await model.complete(classify);
    const { sentiment } = JSON.parse(response.choices[0]!.text) as { sentiment: string };
    expect(["negative", "neutral", "positive"]).toContain(sentiment);
    expect(response.cost).toBe(0);
    expect(response.usage.inputTokens).toBeGreaterThan(20);
    expect(model.identity).toMatch(/^[0-9a-f]{64} \{"temperature":0,"maxTokens":1000\}$/);
  });

  test("weighs labels, and the one it answers with is among the likeliest", async ({ skip }) => {
    if (!model) return skip(`no embedded model here: ${reason}`);
    const labels = ["negative", "neutral", "positive"];
    const weighed = await labelLogprobs(model, classify, "sentiment", labels);
    expect(weighed.map(({ label }) => label)).toEqual(labels);
    const probabilities = weighed.map(({ logprob }) => Math.exp(logprob));
    expect(probabilities.reduce((total, probability) => total + probability)).toBeCloseTo(1, 9);
    const { sentiment } = JSON.parse((await model.complete(classify)).choices[0]!.text) as {
      sentiment: string;
    };
    expect(probabilities[labels.indexOf(sentiment)]).toBe(Math.max(...probabilities));
  });

  test("streams", async ({ skip }) => {
    if (!model) return skip(`no embedded model here: ${reason}`);
    let text = "";
    const stream = model.stream(classify, { cache: false });
    let step = await stream.next();
    for (; !step.done; step = await stream.next()) text += step.value.text;
    expect(text).toBe(step.value.choices[0]!.text);
    expect(step.value.usage.outputTokens).toBeGreaterThan(3);
  });
});
