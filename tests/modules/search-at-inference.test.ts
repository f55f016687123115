import { describe, expect, test } from "vitest";
import { ConfigurationError, UnreachableError } from "../../src/core/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import {
  BestOfN,
  ChainOfThought,
  majority,
  Module,
  MultiChainComparison,
  Predict,
  Refine,
} from "../../src/modules/index.ts";

const text = ({ messages }: LMRequest) => JSON.stringify(messages);

/** Gives the answers in turn by the draw that is asked for, and keeps the requests. */
function drawing(...answers: (string | Error)[]) {
  const asked: LMRequest[] = [];
  const lm = new FunctionModel((request) => {
    asked.push(request);
    const answer = answers[(request.rollout ?? 0) % answers.length]!;
    if (answer instanceof Error) throw answer;
    return answer === "" ? "" : JSON.stringify({ title: answer });
  });
  return { lm, asked };
}
const titled = (lm: FunctionModel) => new Predict("article -> title", { lm });
const short = (_: object, { title }: { title: string }) => 1 / title.length;

describe("BestOfN", () => {
  test("takes the try with the highest reward, each drawn anew at temperature 1", async () => {
    const { lm, asked } = drawing("long one", "abc", "abcd");
    const best = new BestOfN(titled(lm), { n: 3, reward: short, threshold: 1 });
    expect(await best.call({ article: "x" })).toEqual({ title: "abc" });
    expect(asked.map(({ rollout, temperature }) => [rollout, temperature])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  test("stops at the first that reaches the threshold", async () => {
    const { lm, asked } = drawing("long one", "ab", "a");
    const best = new BestOfN(titled(lm), { n: 3, reward: short, threshold: 0.5 });
    expect(await best.call({ article: "x" })).toEqual({ title: "ab" });
    expect(asked.length).toBe(2);
  });

  test("draws others where the call itself is drawn anew", async () => {
    const { lm, asked } = drawing("aa");
    await new BestOfN(titled(lm), { n: 2, reward: short, threshold: 1 }).call(
      { article: "x" },
      { rollout: 3 },
    );
    expect(asked.map(({ rollout }) => rollout)).toEqual([6, 7]);
  });

  test("a reply that cannot be read is one try less; where all are, the error is thrown", async () => {
    const { lm } = drawing("", "abc");
    const reward = short;
    expect(await new BestOfN(titled(lm), { n: 2, reward, threshold: 1 }).call({ article: "x" })).toEqual({
      title: "abc",
    });
    const none = new BestOfN(titled(drawing("").lm), { n: 2, reward, threshold: 1 });
    await expect(none.call({ article: "x" })).rejects.toThrow("reply");
    const strict = new BestOfN(titled(lm), { n: 2, reward, threshold: 1, failCount: 0 });
    await expect(strict.call({ article: "x" })).rejects.toThrow("reply");
  });

  test("what the reward throws is thrown", async () => {
    const { lm, asked } = drawing("abc");
    const broken = () => {
      throw new TypeError("no such column");
    };
    const best = new BestOfN(titled(lm), { n: 3, reward: broken, threshold: 1 });
    await expect(best.call({ article: "x" })).rejects.toThrow("no such column");
    expect(asked.length).toBe(1);
  });

  test("an outage is thrown at once", async () => {
    const { lm, asked } = drawing("abc", new UnreachableError("away"), "a");
    const best = new BestOfN(titled(lm), { n: 3, reward: short, threshold: 1 });
    await expect(best.call({ article: "x" })).rejects.toThrow(UnreachableError);
    expect(asked.length).toBe(2);
  });

  test("is a program whose predictors are edited in a copy, and has the signature of what it runs", async () => {
    const { lm, asked } = drawing("a");
    const best = new BestOfN(new ChainOfThought("article -> title", { lm }), {
      n: 1,
      reward: () => true,
      threshold: 1,
    });
    expect([...best.predictors().keys()]).toEqual(["module.predict"]);
    expect(best.signature.toString()).toBe("article -> reasoning, title");
    const edited = best.with({ "module.predict": { instructions: "Be brief." } });
    await edited.call({ article: "x" }).catch(() => undefined);
    expect(text(asked[0]!)).toContain("Be brief.");
    expect(() => new BestOfN(best, { n: 0, reward: () => 1, threshold: 1 })).toThrow(ConfigurationError);
  });
});

describe("Refine", () => {
  /** Answers well only where it is advised; the adviser reads what went wrong. */
  const advised = (advice: string) => {
    const asked: string[] = [];
    const lm = new FunctionModel((request) => {
      const prompt = text(request);
      asked.push(prompt);
      if (prompt.includes("discussion")) return advice;
      return JSON.stringify({ title: prompt.includes("at most three letters") ? "abc" : "a long title" });
    });
    return { lm, asked };
  };
  const reward = (_: object, { title }: { title: string }) => ({
    score: title.length <= 3,
    feedback: `it has ${title.length} letters`,
  });
  const good = JSON.stringify({ discussion: "too long", advice: { self: "Use at most three letters." } });

  test("shows the predictor at fault a model's advice, made from what it did and the reward's feedback", async () => {
    const { lm, asked } = advised(good);
    const refined = new Refine(
      new Predict("article -> title", { lm, demos: [{ article: "y", title: "b" }] }),
      {
        n: 3,
        reward,
        threshold: 1,
        adviceModel: lm,
      },
    );
    expect(await refined.call({ article: "the article" })).toEqual({ title: "abc" });
    expect(asked.length).toBe(3);
    expect(asked[1]).toContain("it has 12 letters");
    expect(asked[1]).toContain("the article");
    expect(asked[2]).toContain("hint_");
    expect(asked[2]).not.toContain("lacks some fields");
    expect(asked[0]).not.toContain("hint_");
  });

  test("goes on without advice that cannot be read", async () => {
    const { lm, asked } = advised("");
    const refined = new Refine(titled(lm), { n: 2, reward, threshold: 1, adviceModel: lm });
    expect(await refined.call({ article: "x" })).toEqual({ title: "a long title" });
    expect(asked.at(-1)).not.toContain("hint_");
  });

  test("the adviser is no part of the program, and every try is in the trace", async () => {
    const { lm } = advised(good);
    class Titles extends Module {
      write = new Refine(titled(lm), { n: 2, reward, threshold: 1, adviceModel: lm });
      override get signature() {
        return this.write.signature;
      }
      forward(inputs: { article: string }) {
        return this.write.call(inputs);
      }
    }
    const program = new Titles();
    expect([...program.predictors().keys()]).toEqual(["write.module"]);
    const { rows } = await evaluate(program, [{ article: "x", title: "abc" }], exactMatch("title"));
    const [row] = rows;
    expect(row!.trace.map(({ predictor, outputs }) => [predictor, outputs])).toEqual([
      ["write.module", { title: "a long title" }],
      ["write.module", { title: "abc" }],
    ]);
  });
});

describe("MultiChainComparison", () => {
  const asked: string[] = [];
  const lm = new FunctionModel((request) => {
    asked.push(text(request));
    expect(request.temperature).toBe(0.7);
    return JSON.stringify({ rationale: "two say so", answer: "4" });
  });
  const compare = new MultiChainComparison("question -> answer", { lm });

  test("answers in sight of the attempts, a line of each", async () => {
    const completions = [
      { reasoning: "Two and two.\nAnd more.", answer: "4" },
      { rationale: "Guessing.", answer: "5" },
      { answer: "4" },
    ];
    expect(await compare.call({ question: "2+2?", completions })).toEqual({
      rationale: "two say so",
      answer: "4",
    });
    expect(asked[0]).toContain("Two and two. Answer: 4");
    expect(asked[0]).toContain("Guessing. Answer: 5");
    expect(asked[0]).not.toContain("And more");
    expect([...compare.predictors().keys()]).toEqual(["predict"]);
  });

  test("wants as many attempts as it was made for", async () => {
    await expect(compare.call({ question: "?", completions: [] })).rejects.toThrow("{ m: 0 }");
  });
});

describe("majority", () => {
  const answers = [
    { by: 1, a: "No" },
    { by: 2, a: "yes " },
    { by: 3, a: "Yes" },
    { by: 4, a: "" },
  ];

  test("gives the whole answer that came first of the most", () => {
    expect(majority(answers)).toEqual({ by: 2, a: "yes " });
    expect(majority(answers.slice(0, 2))).toEqual({ by: 1, a: "No" });
    expect(majority([...answers, { by: 5, a: "" }, { by: 6, a: "" }])).toEqual({ by: 2, a: "yes " });
  });

  test("counts by another field, or as it is told; where none votes, the first", () => {
    expect(majority([...answers, { by: 1, a: "x" }], { field: "by" })).toEqual({ by: 1, a: "No" });
    expect(majority(answers, { normalize: (value) => String(value).slice(0, 1) })).toEqual({
      by: 1,
      a: "No",
    });
    expect(majority(answers, { normalize: () => undefined })).toEqual({ by: 1, a: "No" });
    expect(() => majority([])).toThrow(RangeError);
  });
});
