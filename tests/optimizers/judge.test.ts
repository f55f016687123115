import { expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { agreementOf, evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Relevance, scaleFeedback } from "../../src/metrics/index.ts";
import { GEPA } from "../../src/optimizers/index.ts";

const rule = "An entry of another aircraft than the one named is a 3 at most.";

/** Pairs whose score a person gave by the aircraft; a judge without the rule gives 5 to all. */
const scored = (count: number, from: number) =>
  Dataset.from(
    Array.from({ length: count }, (_, index) => {
      const other = (index + from) % 2 === 0;
      return {
        query: `What leaked on QL-AAA? (${from + index})`,
        document: `${other ? "QL-BBB" : "QL-AAA"} OIL LEAK`,
        score: other ? 3 : 5,
        rationale: other ? "another aircraft than the one named" : "the very aircraft",
      };
    }),
  );

test("an optimizer that reads the feedback brings a judge to agree with a person", async () => {
  const judge = new FunctionModel(({ messages }) => {
    const [system, asked] = [JSON.stringify(messages[0]), JSON.stringify(messages.at(-1))];
    const score = system.includes(rule) && asked.includes("QL-BBB") ? 3 : 5;
    return JSON.stringify({ rationale: "it is a leak", score });
  });
  const read: string[] = [];
  const reflectionModel = new FunctionModel(({ messages }) => {
    const text = JSON.stringify(messages);
    read.push(text);
    const told = text.includes("2 too high") && text.includes("another aircraft than the one named");
    const instructions = told ? `Score how relevant the document is. ${rule}` : "Score it.";
    return JSON.stringify({ lessons: "mind the aircraft", instructions, observations: "", complete: true });
  });
  const metric = scaleFeedback("score", { range: [1, 5] });
  const test = scored(20, 100);
  const program = new Relevance({ lm: judge });
  const before = agreementOf(await evaluate(program, test, metric));
  const tuned = await new GEPA({ metric, reflectionModel, seed: 1 }).compile(program, {
    train: scored(12, 0),
    val: scored(12, 50),
    budget: { rollouts: 120 },
  });
  const after = agreementOf(await evaluate(tuned.program, test, metric));
  expect(read[0]).toContain("Must stay: scores lie between 1 and 5");
  expect(before.figures.exact.mean).toBe(0.5);
  expect(after.figures.exact.mean).toBe(1);
  expect(after.figures.nmse.mean).toBe(0);
  expect(tuned.program).toBeInstanceOf(Relevance);
});
