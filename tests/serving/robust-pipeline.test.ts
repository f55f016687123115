import { describe, expect, test } from "vitest";
import {
  ConfigurationError,
  listen,
  RefusedError,
  type Span,
  UnreachableError,
} from "../../src/core/index.ts";
import { Module } from "../../src/modules/index.ts";
import { signature } from "../../src/signature/index.ts";
import { type FallbackReason, RobustPipeline, UnansweredError } from "../../src/serving/index.ts";
import { CircuitBreaker } from "../../src/core/index.ts";

const good = "Replace the gasket and torque the bolts.";

class Answerer extends Module {
  static override signature = signature("question -> answer");
  asked = 0;
  private readonly reply: { give: () => unknown };
  constructor(give: () => unknown) {
    super();
    this.reply = new Reply(give);
  }
  async forward(_: { question: string }): Promise<{ answer: string }> {
    this.asked++;
    const given = await this.reply.give();
    return (typeof given === "string" ? { answer: given } : given) as { answer: string };
  }
}

class Reply {
  give: () => unknown;
  constructor(give: () => unknown) {
    this.give = give;
  }
}

function down(): never {
  throw new UnreachableError("nobody answers");
}
const ask = (pipeline: RobustPipeline) => pipeline.call({ question: "?" });

const poor: readonly (readonly [string, () => unknown, FallbackReason])[] = [
  ["an answer of ten characters", () => "ten chars.", "invalid"],
  ["an apology", () => "I'm sorry, but I can not help with that question.", "invalid"],
  ["an apology with a typographic apostrophe", () => "I’m so sorry, I have no idea about it.", "invalid"],
  ["no answer", () => ({}), "invalid"],
  ["an outage", down, "error"],
  ["an answer that is late", () => new Promise(() => undefined), "timeout"],
];

describe("a chain of programs", () => {
  test.each(poor)("%s falls back, counted and visible", async (_, reply, reason) => {
    const pipeline = new RobustPipeline([new Answerer(reply), new Answerer(() => good)], { timeout: 0.05 });
    const spans: Span[] = [];
    const stop = listen({ end: (span) => void spans.push(span) }, ["module"]);
    await expect(ask(pipeline)).resolves.toEqual({ answer: good });
    stop();
    expect(pipeline.counts()).toMatchObject({ calls: 1, answered: [0, 1], fallbacks: { [reason]: 1 } });
    const own = spans.find(({ name }) => name === "RobustPipeline")!;
    expect(own.attributes).toMatchObject({ answeredBy: 1, fallbacks: [{ program: 0, reason }] });
  });

  test.each([
    ["an abstention", { answer: "No.", answered: false }],
    ["a refusal", { answer: "I am sorry.", refused: true }],
    ["a refusal that says why", { answer: "", refusal: "it holds personal data" }],
    ["an answer that only mentions an apology", { answer: "The operator apologised for the delay." }],
  ])("%s stands: nobody else is asked", async (_, outputs) => {
    const second = new Answerer(() => good);
    await expect(ask(new RobustPipeline([new Answerer(() => outputs), second]))).resolves.toEqual(outputs);
    expect(second.asked).toBe(0);
  });

  test("what an endpoint's filter declines is thrown on", async () => {
    const second = new Answerer(() => good);
    const refuse = () => {
      throw new RefusedError("filtered");
    };
    await expect(ask(new RobustPipeline([new Answerer(refuse), second]))).rejects.toThrow(RefusedError);
    expect(second.asked).toBe(0);
  });

  test("a label is no text whose length says anything", async () => {
    class Sorter extends Module {
      static override signature = signature("text -> label: Literal['a', 'b']");
      async forward() {
        return { label: "a" };
      }
    }
    await expect(ask(new RobustPipeline([new Sorter()]))).resolves.toEqual({ label: "a" });
  });

  test("where none answers, an outage is told from answers that will not do", async () => {
    const outage = ask(new RobustPipeline([new Answerer(down), new Answerer(down)]));
    await expect(outage).rejects.toThrow(UnreachableError);
    const poor = ask(new RobustPipeline([new Answerer(down), new Answerer(() => "No.")]));
    await expect(poor).rejects.toThrow(UnansweredError);
    const mistaken = () => {
      throw new ConfigurationError("the input is missing");
    };
    const wrong = ask(new RobustPipeline([new Answerer(mistaken), new Answerer(mistaken)]));
    await expect(wrong).rejects.toThrow("the input is missing");
  });

  test("a caller that leaves ends the chain", async () => {
    const second = new Answerer(() => good);
    const controller = new AbortController();
    const pipeline = new RobustPipeline([new Answerer(() => new Promise(() => undefined)), second]);
    const asked = pipeline.call({ question: "?" }, { signal: controller.signal });
    controller.abort(new Error("left"));
    await expect(asked).rejects.toThrow("left");
    expect(second.asked).toBe(0);
  });

  test("what fails again and again is left alone, and tried once after a while", async () => {
    let now = 0;
    let broken = true;
    const first = new Answerer(() => (broken ? down() : good));
    const breaker = { failures: 2, seconds: 10, now: () => now };
    const pipeline = new RobustPipeline([first, new Answerer(() => good)], { breaker });
    for (let call = 0; call < 5; call++) await ask(pipeline);
    expect(first.asked).toBe(2);
    expect(pipeline.counts().fallbacks).toMatchObject({ error: 2, open: 3 });
    now = 10_000;
    await ask(pipeline);
    await ask(pipeline);
    expect(first.asked).toBe(3);
    now = 20_000;
    broken = false;
    await ask(pipeline);
    await ask(pipeline);
    expect(first.asked).toBe(5);
  });

  test("a tuned copy counts with the original", async () => {
    const pipeline = new RobustPipeline([new Answerer(() => good)]);
    await ask(pipeline.with({}));
    expect(pipeline.counts().answered).toEqual([1]);
  });
});

test("of those who come while a breaker is half open, one alone may try", () => {
  let now = 0;
  const breaker = new CircuitBreaker({ failures: 1, seconds: 1, now: () => now });
  breaker.fail();
  now = 1000;
  expect([breaker.allows(), breaker.allows(), breaker.state]).toEqual([true, false, "trying"]);
  breaker.forget();
  expect(breaker.allows()).toBe(true);
});
