// Evaluates a program on a CSV file of many rows and prints the peak memory of this process, in megabytes.
import { lmframe } from "../package.ts";
import { peakMegabytes, withRows } from "./csv-rows.ts";

const { Dataset, evaluate, exactMatch, FunctionModel, Predict } = lmframe;
const lm = new FunctionModel(() => '{"label": "negative"}');
const classify = new Predict("text -> label: Literal['positive', 'negative']", { lm });
await withRows(Number(process.argv[2]), async (table) => {
  const { score } = await evaluate(classify, Dataset.scan(table), exactMatch("label"));
  if (score !== 1) throw new Error(`invalid score: ${score}`);
});
console.log(JSON.stringify([peakMegabytes()]));
