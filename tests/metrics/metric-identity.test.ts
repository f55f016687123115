import { expect, test } from "vitest";
import { FunctionModel } from "../../src/lm/index.ts";
import {
  abstains,
  citationRecall,
  closeness,
  exactMatch,
  Faithfulness,
  grounded,
  judged,
  type Metric,
  metricIdentity,
  recallAt,
  Relevance,
  scaleFeedback,
} from "../../src/metrics/index.ts";

const model = (name: string) => new FunctionModel(() => "{}", { name });
const bound = (limit: number) => (row: { text: string }) => row.text.length < limit;

/** Pairs of metrics that differ in one setting, which neither their label nor their text tells. */
const pairs: Record<string, [make: () => unknown, other: () => unknown]> = {
  "the range of closeness": [
    () => closeness("score", { range: [1, 5] }),
    () => closeness("score", { range: [0, 100] }),
  ],
  "the range of scaleFeedback": [
    () => scaleFeedback("score", { range: [1, 5], invariants: [] }),
    () => scaleFeedback("score", { range: [0, 100], invariants: [] }),
  ],
  "what a judge is told": [
    () => judged(new Relevance()),
    () => judged(new Relevance({ instructions: "Be kind." })),
  ],
  "a judge's own model": [
    () => judged(new Relevance().withLM(model("one"))),
    () => judged(new Relevance().withLM(model("two"))),
  ],
  "the model that a judge is called with": [
    () => judged(new Relevance(), undefined, { lm: model("one") }),
    () => judged(new Relevance(), undefined, { lm: model("two") }),
  ],
  "what a judge is given": [
    () => judged(new Faithfulness(), (row) => ({ context: [], answer: String(row.answer) })),
    () => judged(new Faithfulness(), (row) => ({ context: [], answer: String(row.reply) })),
  ],
  "the columns of abstains": [() => abstains(), () => abstains("known")],
  "the columns of recall": [() => recallAt(5), () => recallAt(5, { relevant: "documents" })],
  "the columns of citations": [() => citationRecall(), () => citationRecall({ relevant: "documents" })],
  "the rewriting of passages": [
    () => grounded(),
    () => grounded({ plain: (passage) => passage.toLowerCase() }),
  ],
  "the identity that a user states": [
    () => Object.assign(bound(10), { identity: "10" }),
    () => Object.assign(bound(20), { identity: "20" }),
  ],
};

const told = (make: () => unknown) => JSON.stringify(metricIdentity(make() as Metric));

test.each(Object.keys(pairs))("%s tells metrics apart, and equal ones are equal", (name) => {
  const [one, other] = pairs[name]!;
  expect((one() as Metric).label).toBe((other() as Metric).label);
  expect(told(one)).toBe(told(one));
  expect(told(one)).not.toBe(told(other));
});

test("a function without an identity is told by its text", () => {
  expect(told(() => bound(10))).toBe(told(() => bound(10)));
  expect(told(() => bound(10))).not.toBe(told(() => () => 1));
  expect(told(() => exactMatch("a"))).not.toBe(told(() => exactMatch("b")));
});
