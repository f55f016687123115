import { describe, expect, test } from "vitest";
import {
  airlineRules,
  CustomerService,
  decide,
  measureService,
  OnePromptService,
  serviceReport,
} from "../../../src/applications/index.ts";
import { completeAssumptions } from "../../../src/applications/customer-service/assumptions.ts";
import {
  cached,
  FunctionModel,
  type LanguageModel,
  type LMRequest,
  memoryStore,
} from "../../../src/lm/index.ts";

type Answers = Readonly<Record<string, string>>;

/**
 * Reads a message by the words in it. Asked for log-probabilities, it tells of each label as much as `sure` of it
 * says.
 */
function planted({
  logprobs = true,
  sure = 0.9,
  cost = 0,
}: { logprobs?: boolean; sure?: number; cost?: number | null } = {}) {
  const asked: string[] = [];
  const model = new FunctionModel(
    ({ messages, responseFormat }: LMRequest) => {
      const text = messages.at(-1)!.content as string;
      asked.push(text);
      const { properties } = responseFormat!.schema as {
        properties: Record<string, { enum?: readonly string[] }>;
      };
      const right = readingOf(text);
      const given = Object.entries(properties).map(([name, { enum: allowed }]) => {
        const label = right[name]!;
        return [name, allowed && !allowed.includes(label) ? allowed[0]! : label] as const;
      });
      const reply = JSON.stringify(Object.fromEntries(given));
      if (!logprobs) return reply;
      // One token for the whole: what it weighs is what its labels weigh.
      const weight = given.every(([name, label]) => right[name] === label)
        ? Math.log(sure)
        : Math.log(1 - sure);
      const told = [{ token: reply, logprob: weight, top: [{ token: reply, logprob: weight }] }];
      return {
        choices: [{ text: reply, toolCalls: [], finishReason: "stop" as const, logprobs: told }],
        cost,
      };
    },
    { abilities: { jsonSchema: true, logprobs } },
  );
  return { model, asked };
}

function readingOf(text: string): Answers {
  return {
    sentiment: text.includes("thanks") ? "positive" : "negative",
    urgency: text.includes("now!") ? "high" : text.includes("owed") ? "medium" : "low",
    category: text.includes("bag") ? "baggage" : text.includes("owed") ? "refund" : "service",
  };
}

const rows = [
  { inquiry: "my bag is gone, now!", sentiment: "negative", urgency: "high", category: "baggage" },
  { inquiry: "I am owed a fare", sentiment: "negative", urgency: "medium", category: "refund" },
  { inquiry: "thanks to the crew", sentiment: "positive", urgency: "low", category: "service" },
  // Read as baggage, not urgent: routed wrong, and an escalation missed.
  { inquiry: "a bag blocks my seat", sentiment: "negative", urgency: "high", category: "seating" },
];

describe("CustomerService", () => {
  test("reads sentiment and urgency, then the category in their light, and decides by the rules", async () => {
    const { model, asked } = planted();
    const out = await new CustomerService().call({ inquiry: rows[0]!.inquiry }, { lm: model });
    expect(out).toEqual({
      sentiment: "negative",
      urgency: "high",
      category: "baggage",
      priority: "urgent",
      route: "baggage desk",
      escalate: true,
      confidence: expect.closeTo(0.9 / (0.9 + 0.1 * 10), 6) as number,
    });
    const category = asked.at(-1)!;
    expect(category).toContain("negative");
    expect(category).toContain("high");
    expect(asked[0]).not.toContain('"high"');
  });

  test("has no confidence where the endpoint tells none", async () => {
    const { model } = planted({ logprobs: false });
    const out = await new CustomerService().call({ inquiry: "thanks" }, { lm: model });
    expect(out).toMatchObject({ sentiment: "positive", category: "service", confidence: null });
  });

  test("takes categories and rules of another house", async () => {
    const { model } = planted();
    const service = new CustomerService({
      categories: { refund: "money", service: "people" },
      rules: [
        { when: { category: "refund", sentiment: "positive" }, route: "nobody" },
        { when: { category: "refund" }, route: "till", escalate: true },
        { when: {}, route: "desk", escalate: false, priority: "low" },
      ],
    });
    const call = (inquiry: string) => service.call({ inquiry }, { lm: model });
    expect(await call("owed")).toMatchObject({ route: "till", escalate: true, priority: "low" });
    expect(await call("hm")).toMatchObject({ route: "desk", escalate: false });
  });
});

describe("decide", () => {
  test("the first rule that fits and says something decides each", () => {
    const of = (sentiment: "negative" | "positive", urgency: "low" | "medium" | "high", category: string) =>
      decide(airlineRules, { sentiment, urgency, category });
    expect(of("negative", "medium", "refund")).toEqual({
      priority: "high",
      route: "refunds",
      escalate: false,
    });
    expect(of("positive", "medium", "other")).toEqual({
      priority: "normal",
      route: "customer relations",
      escalate: false,
    });
  });

  test("rules that leave a message undecided are a mistake, which is told", () => {
    expect(() =>
      decide([{ when: { urgency: "high" }, escalate: true, route: "x" }], {
        sentiment: "neutral",
        urgency: "high",
        category: "app",
      }),
    ).toThrow(/no rule says the priority/);
  });
});

describe("measureService", () => {
  test("counts what was decided against what the labels lead to, and estimates from the assumptions given", async () => {
    const { model } = planted({ sure: 0.99 });
    const assumptions = {
      minutesToSort: 3,
      minutesToReview: 1,
      minutesToReroute: 10,
      hourlyCost: 60,
      resolvedAtRightTeam: 0.8,
      resolvedAtWrongTeam: 0.4,
    };
    const measures = await measureService(new CustomerService(), rows, { lm: model, assumptions });
    expect(measures.decisions).toEqual({
      messages: 4,
      unread: 0,
      routedRight: 3,
      escalated: 1,
      toEscalate: 2,
      escalatedRight: 1,
    });
    expect(measures.labels.map(({ field, accuracy }) => [field, accuracy])).toEqual([
      ["sentiment", 1],
      ["urgency", 0.75],
      ["category", 0.75],
    ]);
    // The category: 0.99 against ten labels of 0.01 each.
    expect(measures.review).toEqual({ threshold: 0.7, reviewed: 0, routedRight: 0.75 });
    expect(measures.reviews.at(-1)).toEqual({ threshold: 0.95, reviewed: 1, routedRight: NaN });
    expect(measures.estimates).toEqual({
      firstContactResolution: (0 + 0.8 + 0.8 + 0.4) / 4,
      minutesByHand: 3,
      minutes: 10 / 4,
      savedPerThousand: expect.closeTo((0.5 / 60) * 60 * 1000, 6) as number,
      modelCostPerThousand: 0,
    });
    const all = await measureService(new CustomerService(), rows, {
      lm: model,
      assumptions,
      reviewBelow: 0.95,
      measuredBaseline: measures.baseline,
    });
    expect(all.estimates).toMatchObject({ minutes: 1, firstContactResolution: (3 * 0.8) / 4 });
    expect(all.baseline).toBe(measures.baseline);
  });

  test("what the model costs counts answers from the cache as when first made, and is not known where they were made before", async () => {
    const costOver = async (data: typeof rows, lm: LanguageModel) =>
      (await measureService(new CustomerService(), data, { lm })).estimates.modelCostPerThousand;
    const { model, asked } = planted({ cost: 0.001 });
    for (const { inquiry } of rows) await new CustomerService().call({ inquiry }, { lm: model });
    const calls = asked.length / rows.length;
    expect(calls).toBeGreaterThan(1);
    expect(await costOver(rows, model)).toBeCloseTo(calls, 9);
    const kept = cached(model, memoryStore());
    const twice = [...rows, ...rows];
    expect(await costOver(twice, kept)).toBeCloseTo(calls, 9);
    expect(await costOver(rows, kept)).toBeNull();
    const further = { ...rows[0]!, inquiry: "another bag" };
    expect(await costOver([...rows, further], kept)).toBeNull();
    expect(await costOver(rows, planted({ cost: null }).model)).toBeNull();
    const { estimates } = await measureService(new CustomerService(), rows, { lm: kept });
    const { minutesByHand, minutes, savedPerThousand } = estimates;
    const { hourlyCost } = completeAssumptions({});
    expect(savedPerThousand).toBeCloseTo(((minutesByHand - minutes) / 60) * hourlyCost * 1000, 6);
  });

  test("an answer that cannot be read goes to a person, and is no escalation", async () => {
    const model = new FunctionModel(() => "hm", { abilities: { jsonSchema: true, logprobs: false } });
    const measures = await measureService(new OnePromptService(), rows, { lm: model });
    expect(measures.decisions).toMatchObject({ messages: 4, unread: 4, routedRight: 0, escalated: 0 });
    expect(measures.estimates.minutes).toBe(measures.assumptions.minutesToSort);
    expect(measures.review).toBeUndefined();
  });

  test.each([
    [{ reviewBelow: 2 }, /reviewBelow/],
    [{ assumptions: { hourlyCost: -1 } }, /hourlyCost/],
    [{ assumptions: { resolvedAtRightTeam: 75 } }, /resolvedAtRightTeam: 75; expected a number from 0 to 1/],
  ])("refuses %j", async (options, message) => {
    await expect(measureService(new CustomerService(), rows, options)).rejects.toThrow(message);
  });

  test("says which column is not there", async () => {
    const unlabelled = rows.map(({ inquiry, sentiment, urgency }) => ({ inquiry, sentiment, urgency }));
    await expect(measureService(new CustomerService(), unlabelled)).rejects.toThrow(/category/);
  });
});

describe("serviceReport", () => {
  test("marks estimates as such, beside the assumptions; no text of data is HTML", async () => {
    const { model } = planted({ sure: 0.99, cost: null });
    const hostile = { ...rows[3]!, inquiry: `<img src=x onerror="alert(1)"> a bag` };
    const measures = await measureService(new CustomerService(), [...rows, hostile], {
      lm: model,
      assumptions: { hourlyCost: 42 },
    });
    const page = await serviceReport({ measures }).html();
    for (const id of ["labels", "decisions", "review", "estimates"])
      expect(page).toContain(`<section id="${id}"`);
    expect(page).not.toContain("<img src=x");
    const estimates = page.slice(page.indexOf('<section id="estimates"'));
    expect(estimates).toMatch(/These figures are estimates/);
    expect(estimates).toContain("an hour of this work costs $42.00");
    expect(estimates).toContain("what the model costs is not known");
    expect(page).toContain("(3 of 5;");
  });

  test("says so where nothing can be picked out for review", async () => {
    const { model } = planted({ logprobs: false });
    const measures = await measureService(new CustomerService(), rows, { lm: model });
    expect(await serviceReport({ measures }).html()).toContain("tells no log-probabilities");
  });
});
