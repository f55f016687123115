// Prints the milliseconds that evaluating 2,000 rows of 50 ms took, once for each of some runs.
import { setTimeout } from "node:timers/promises";
import { lmframe } from "../package.ts";

const { Dataset, evaluate, exactMatch, FunctionModel, Predict } = lmframe;
const [concurrency, runs] = process.argv.slice(2).map(Number) as [number, number];
const classifier = (wait: number) =>
  new Predict("text -> label: Literal['positive', 'negative']", {
    lm: new FunctionModel(async () => {
      await setTimeout(wait);
      return '{"label": "negative"}';
    }),
  });
const rows = Dataset.from(
  Array.from({ length: 2000 }, (_, i) => ({ text: `Flight ${i} was late.`, label: "negative" })),
);

await evaluate(classifier(0), rows, exactMatch("label"), { concurrency });
const found: number[] = [];
for (let i = 0; i < runs; i++) {
  const started = performance.now();
  const { score } = await evaluate(classifier(50), rows, exactMatch("label"), { concurrency });
  found.push(performance.now() - started);
  if (score !== 1) throw new Error(`invalid score: ${score}`);
}
console.log(JSON.stringify(found));
