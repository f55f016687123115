// Prints the milliseconds of one call, as the mean of each of some batches. Where the address of an endpoint is given,
// the model is there; else it is a function. `cached`: each question was asked before.
import { lmframe } from "../package.ts";
import { callBatches } from "../peers/call-batches.mjs";

const { FunctionModel, lm, Predict } = lmframe;
const sizes = process.argv.slice(2, 5).map(Number) as [number, number, number];
const [baseURL, cache] = process.argv.slice(5);
const model = baseURL
  ? lm("lmframe", { baseURL, apiKey: "none", cache: cache === "cached" })
  : new FunctionModel(() => '{"answer": "4"}');
const predict = new Predict("question -> answer", { lm: model });
const call = async (i: number) => {
  const { answer } = await predict.call({ question: `What is ${i} + 2?` });
  if (answer !== "4") throw new Error(`invalid answer: ${answer}`);
};
console.log(JSON.stringify(await callBatches(call, sizes)));
