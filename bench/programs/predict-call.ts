// Prints the milliseconds of one call, as the mean of each of some batches.
import { lmframe } from "../package.ts";

const { FunctionModel, Predict } = lmframe;
const batches = Number(process.argv[2]);
const lm = new FunctionModel(() => '{"answer": "4"}');
const predict = new Predict("question -> answer", { lm });

async function batch(calls: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < calls; i++) await predict.call({ question: `What is ${i} + 2?` });
  return (performance.now() - started) / calls;
}

await batch(1000);
const found: number[] = [];
for (let i = 0; i < batches; i++) found.push(await batch(200));
console.log(JSON.stringify(found));
