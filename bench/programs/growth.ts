// Prints the microseconds for each row that is evaluated, or each candidate that a search tries, once for each of some
// runs in one process that has warmed up.
import { lmframe } from "../package.ts";

const { Dataset, evaluate, exactMatch, FunctionModel, Predict, RandomSearch } = lmframe;
const what = process.argv[2];
const [count, runs] = process.argv.slice(3).map(Number) as [number, number];
const metric = exactMatch("label");
const classify = new Predict("text -> label: Literal['positive', 'negative']", {
  lm: new FunctionModel(() => '{"label": "negative"}', { name: "planted" }),
});

function rows(count: number) {
  const row = (i: number) => ({
    text: `Flight ${i} was late.`,
    label: i % 3 === 0 ? "positive" : "negative",
  });
  return Dataset.from(Array.from({ length: count }, (_, i) => row(i)));
}

/** Does `count` of what is measured, and gives the milliseconds that it took. */
async function take(count: number): Promise<number> {
  if (what === "rows") {
    const data = rows(count);
    const started = performance.now();
    await evaluate(classify, data, metric);
    return performance.now() - started;
  }
  const search = new RandomSearch({ metric, numCandidates: count });
  const [train, val] = [rows(50), rows(20)];
  const started = performance.now();
  await search.compile(classify, { train, val });
  return performance.now() - started;
}

await take(what === "rows" ? 10_000 : 50);
const found: number[] = [];
for (let i = 0; i < runs; i++) found.push(((await take(count)) * 1000) / count);
console.log(JSON.stringify(found));
