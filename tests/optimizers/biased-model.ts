import { createHash } from "node:crypto";
import { Dataset } from "../../src/data/index.ts";
import { type FunctionReply, FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import { scaleLogprobs } from "../../src/modules/index.ts";

export const labels = ["hot", "cold", "mild"] as const;

/** Added by the model to what it reads, whatever the text: it says hot far too often, and mild hardly ever. */
export const bias = [5, 0, -4];

/** How much surer than it should be the model is. */
const sureness = 6;

/** Rows whose label the text tells, more or less; half of them are cold, one in ten is mild. */
export function biasedRows(count: number, seed: number): Dataset<{ text: string; label: string }> {
  return Dataset.from(
    Array.from({ length: count }, (_, index) => {
      const text = `reading ${seed}-${index}`;
      const drawn = uniform(`${text} label`);
      return { text, label: drawn < 0.4 ? "hot" : drawn < 0.9 ? "cold" : "mild" };
    }),
  );
}

/** A model that sees evidence for the right label, under noise, and adds its bias to that. */
export function biasedModel(
  rows: readonly Dataset<{ text: string; label: string }>[],
  options: {
    logprobs?: boolean;
    name?: string;
  } = {},
): FunctionModel & { calls: number } {
  const truths = new Map(
    rows.flatMap((data) => data.rows().map(({ text, label }) => [text, label] as const)),
  );
  const model = Object.assign(
    new FunctionModel(
      (request) => {
        model.calls++;
        return reply(request, truths, options.logprobs ?? true);
      },
      { name: options.name ?? "biased" },
    ),
    { calls: 0 },
  );
  return model;
}

function reply(
  { messages, topLogprobs }: LMRequest,
  truths: ReadonlyMap<string, string>,
  tells: boolean,
): FunctionReply {
  const asked = messages.at(-1)!.content;
  const text = /reading [\d-]+/.exec(typeof asked === "string" ? asked : JSON.stringify(asked))?.[0] ?? "";
  const evidence = labels.map((label) => (truths.get(text) === label ? 0.6 : 0) + noise(`${text} ${label}`));
  const weights = evidence.map((value, index) => (text === "" ? 0 : value * sureness) + bias[index]!);
  const logprobs = scaleLogprobs(weights, { scale: 1, offsets: labels.map(() => 0) });
  const best = logprobs.indexOf(Math.max(...logprobs));
  const tokens = [
    { token: '{"label": "', logprob: 0, top: [] },
    {
      token: labels[best]!,
      logprob: logprobs[best]!,
      top: labels.map((token, index) => ({ token, logprob: logprobs[index]! })),
    },
    { token: '"}', logprob: 0, top: [] },
  ];
  return {
    choices: [
      {
        text: `{"label": "${labels[best]!}"}`,
        toolCalls: [],
        finishReason: "stop",
        ...(tells && topLogprobs !== undefined && { logprobs: tokens }),
      },
    ],
  };
}

/** Between -1 and 1, nearer 0 than not. */
function noise(seed: string): number {
  return uniform(`${seed} a`) + uniform(`${seed} b`) - 1;
}

function uniform(seed: string): number {
  return createHash("sha256").update(seed).digest().readUInt32BE(0) / 2 ** 32;
}
