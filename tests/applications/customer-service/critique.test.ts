import { afterEach, expect, test } from "vitest";
import { CustomerService } from "../../../src/applications/index.ts";
import { Dataset } from "../../../src/data/index.ts";
import { evaluate } from "../../../src/evaluate/index.ts";
import { currentLM, FunctionModel, type LMRequest } from "../../../src/lm/index.ts";
import type { Metric } from "../../../src/metrics/index.ts";
import { CritiqueRefine } from "../../../src/optimizers/index.ts";

afterEach(() => currentLM.set(undefined));

const labels = ["sentiment", "urgency", "category"] as const;
type Labels = Readonly<Record<(typeof labels)[number], string>>;

/** What each step must be told; without it, praise with a date is read as such, and a bag that is owed for as a bag. */
const lessons = {
  "reading.sentiment": "Praise with a date is meant as blame.",
  category: "Who is owed money wants a refund.",
} as const;

const kinds: Readonly<Record<string, { words: string; truth: Labels; misread: Partial<Labels> }>> = {
  plain: {
    words: "my bag is late",
    truth: { sentiment: "negative", urgency: "medium", category: "baggage" },
    misread: {},
  },
  irony: {
    words: "great service, since May",
    truth: { sentiment: "negative", urgency: "low", category: "service" },
    misread: { sentiment: "positive" },
  },
  owed: {
    words: "owed for my bag",
    truth: { sentiment: "negative", urgency: "medium", category: "refund" },
    misread: { category: "baggage" },
  },
};
const kindOf = (text: string) => Object.values(kinds).find(({ words }) => text.includes(words))!;

function messages(count: number, seed: number): Dataset {
  return Dataset.from(
    Array.from({ length: count }, (_, place) => {
      const { words, truth } = Object.values(kinds)[place % 3]!;
      return { inquiry: `case ${seed}-${place}: ${words}`, ...truth };
    }),
  );
}

/** All three labels right, or none: only the whole is judged. */
const allRight: Metric<Labels, Labels> = (row, outputs) => {
  const wrong = labels.filter((name) => row[name] !== outputs[name]);
  const feedback = wrong.map((name) => `${name}: expected ${row[name]}, got ${outputs[name]}`).join("; ");
  return wrong.length === 0 ? 1 : { score: 0, feedback };
};

/** Answers a step; knows a lesson only where the step's instructions hold it. */
function step({ messages: asked, responseFormat }: LMRequest): string {
  const [system, user] = [asked[0], asked.at(-1)].map((message) => message!.content as string) as [
    string,
    string,
  ];
  const { truth, misread } = kindOf(user);
  const taught = Object.values(lessons).some((lesson) => system.includes(lesson));
  const said = taught ? truth : { ...truth, ...misread };
  const { properties } = responseFormat!.schema as { properties: object };
  return JSON.stringify(
    Object.fromEntries(Object.keys(properties).map((name) => [name, said[name as keyof Labels]])),
  );
}

/** Blames what the feedback names first, and writes the lesson that the runs it is shown ask for. */
function critic({ messages: asked }: LMRequest): string {
  const prompt = asked.map(({ content }) => content as string).join("\n");
  const blamed = /(sentiment|urgency|category): expected/.exec(prompt)?.[1];
  const path = blamed === "category" ? "category" : `reading.${blamed}`;
  const lesson = prompt.includes(kinds.owed!.words) ? lessons.category : lessons["reading.sentiment"];
  return JSON.stringify({
    critique: lesson,
    step: path,
    lessons: "see",
    instructions: `Sort the message. ${lesson}`,
  });
}

test("a critic of the whole answer finds which steps of the customer service to mend", async () => {
  const abilities = { jsonSchema: true };
  currentLM.set(new FunctionModel(step, { abilities }));
  const service = new CustomerService();
  const strategy = new CritiqueRefine({
    metric: allRight,
    seed: 1,
    reflectionModel: new FunctionModel(critic, { abilities }),
  });
  const tuned = await strategy.compile(service, {
    train: messages(60, 1),
    val: messages(60, 2),
    budget: { rollouts: 400 },
  });
  const unseen = messages(60, 3);
  expect((await evaluate(service, unseen, allRight as never)).score).toBeCloseTo(1 / 3);
  expect((await evaluate(tuned.program, unseen, allRight as never)).score).toBe(1);
  const changed = [...tuned.program.predictors()].flatMap(([path, { state }]) =>
    state.instructions === service.predictors().get(path)!.state.instructions
      ? []
      : [[path, state.instructions]],
  );
  expect(Object.fromEntries(changed)).toEqual({
    "reading.sentiment": `Sort the message. ${lessons["reading.sentiment"]}`,
    category: `Sort the message. ${lessons.category}`,
  });
});
