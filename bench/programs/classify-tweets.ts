// Classifies the rows of a folder by the embedded model, as dspy_tweets.py does: prints a list of the seconds that the
// search took, those that the test rows took, and the label of each of these by its place, -1 for what was not read.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applications, lmframe } from "../package.ts";

const { Best, connect, Dataset, evaluate, macroF1, meanScore, Predict, weighted } = lmframe;
const { labelMatch } = await applications();
const [folder = "", mode = "", seed = "1", rollouts = "0"] = process.argv.slice(2);
const rows = (split: string) =>
  Dataset.from(JSON.parse(readFileSync(join(folder, `${split}.json`), "utf8")) as Record<string, unknown>[]);
const labels = ["negative", "neutral", "positive"];

// Answers are short, as their form is given; a small model that writes a prompt loses its way.
await connect({ cache: false, timeout: 600, defaults: { maxTokens: 400 } });
const metric = labelMatch("sentiment");
let program = new Predict(
  "text -> sentiment: Literal['negative', 'neutral', 'positive']",
  "Classify the sentiment of the text.",
);
const begun = performance.now();
if (mode === "best") {
  const objective = weighted([
    [0.5, meanScore],
    [0.5, macroF1("sentiment")],
  ]);
  const data = { train: rows("train"), val: rows("val") };
  const search = new Best({ metric, objective, seed: Number(seed) });
  program = (await search.compile(program, { ...data, budget: { rollouts: Number(rollouts) } })).program;
}
const found = performance.now();
const evaluation = await evaluate(program, rows("test"), metric);
const ended = performance.now();
const said = Array.from(evaluation.rows, ({ outputs }) => labels.indexOf(String(outputs?.sentiment)));
console.log(JSON.stringify([(found - begun) / 1000, (ended - found) / 1000, ...said]));
