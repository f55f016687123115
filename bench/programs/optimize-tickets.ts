// One of our optimizers on the planted task, as dspy_optimizer.py is one of DSPy's: the same arguments, the same output.
// From the sources, for loading them is not measured.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Best,
  COPRO,
  currentLM,
  Dataset,
  evaluate,
  exactMatch,
  GEPA,
  lm,
  MIPROv2,
  type Optimizer,
  Predict,
  type ProposerOptions,
  RandomSearch,
  SIMBA,
} from "../../src/index.ts";

const [name = "", seed = "0", baseURL = "", folder = "", instructions = "", concurrency = "8"] =
  process.argv.slice(2);
const model = (role: string) => lm(role, { baseURL, apiKey: "none", cache: false });
const rows = (split: string) =>
  Dataset.from(JSON.parse(readFileSync(join(folder, `${split}.json`), "utf8")) as Record<string, unknown>[]);

currentLM.set(model("task"));
const metric = exactMatch("label");
const student = new Predict(
  "text -> label: Literal['billing', 'delivery', 'returns', 'account', 'technical']",
  instructions,
);
const options = { metric, seed: Number(seed), promptModel: model("proposer") };
const optimizers: Readonly<Record<string, new (given: typeof options & ProposerOptions) => Optimizer>> = {
  ...{ GEPA, MIPROv2, SIMBA, COPRO, RandomSearch, Best },
};
const limited = name === "GEPA" || name === "Best";
const started = performance.now();
const { program } = await new optimizers[name]!(options).compile(student, {
  train: rows("train"),
  val: rows("val"),
  concurrency: Number(concurrency),
  ...(limited && { budget: { rollouts: 1000 } }),
});
const seconds = (performance.now() - started) / 1000;
const { score } = await evaluate(program.withLM(model("test")), rows("test"), metric, {
  concurrency: Number(concurrency),
});
process.stdout.write(JSON.stringify({ score, seconds }));
