// Every strategy that goes by a name, on real tweets with the embedded model. It takes hours, so each run is kept in
// tweets.json as it ends, and one that is there is not done again. From the sources, which bench/optimizers does too.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { labelMatch } from "../src/applications/index.ts";
import {
  ConfusionMatrix,
  connect,
  Dataset,
  evaluate,
  macroF1,
  meanScore,
  Predict,
  sentenceEmbedder,
  weighted,
} from "../src/index.ts";
import { optimizerByName } from "../src/optimizers/index.ts";
import { fitProbe, probed } from "../src/optimizers/probe-fit.ts";
import { sentiments, splitTweets, tweetsFile, unseenTweets } from "./unseen-tweets.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Strategies with the seeds they are run with: one where the time for more is not worth it. */
const strategies: Readonly<Record<string, readonly number[]>> = {
  best: [1, 2, 3],
  calibrate: [1, 2, 3],
  knn: [1],
  labeled: [1],
  bootstrap: [1],
  "random-search": [1],
  "paired-ascent": [1],
  gepa: [1],
  miprov2: [1],
  copro: [1],
  simba: [1],
};
const sizes = { train: 200, val: 100, test: 300 };
/** Rollouts each may take, the 100 of the program as it was among them. */
const budget = { rollouts: 600 };
/** Tokens. */
const longestReply = 400;

interface Figures {
  accuracy: number;
  macroF1: number;
}

interface Run {
  strategy: string;
  seed: number;
  before: Figures;
  after: Figures;
  /** Of the program's model, and of those that help. */
  calls: { task: number; proposer: number };
  /** By the clock, of the search. */
  seconds: number;
}

const kept = here("tweets.json");
const keptRuns = (): Run[] => (existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as Run[]) : []);

/** Runs the strategies, or the chosen ones, and writes the table of tweets in README.md. */
export async function compareOnTweets(conditions: string, chosen: readonly string[] = []): Promise<void> {
  if (!existsSync(tweetsFile)) return console.log("skipped: ../shared/data/airline_tweets.csv is not there");
  const unseen = await unseenTweets();
  // A small model that writes a prompt loses its way, and takes minutes to come to an end.
  await connect({ cache: false, timeout: 600, defaults: { maxTokens: longestReply } });
  for (const [strategy, seeds] of Object.entries(strategies)) {
    if (chosen.length > 0 && !chosen.includes(strategy)) continue;
    for (const seed of seeds) {
      if (keptRuns().some((run) => run.strategy === strategy && run.seed === seed)) continue;
      process.stderr.write(`bench: ${strategy}, seed ${seed}…\n`);
      const before = keptRuns().find((run) => run.seed === seed)?.before;
      const run = await measure(strategy, seed, unseen, before);
      // Another process may have kept runs of other strategies in between.
      writeFileSync(kept, `${JSON.stringify([...keptRuns(), run], null, 2)}\n`);
    }
  }
  const table = [
    "| strategy | seeds | accuracy before | after | macro-F1 before | after | task calls | proposer calls | seconds |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...Object.keys(strategies).flatMap((strategy) => {
      const own = keptRuns()
        .filter((run) => run.strategy === strategy)
        .sort((one, other) => one.seed - other.seed);
      return own.length === 0 ? [] : [row(strategy, own)];
    }),
    await probeAlone(unseen, [1, 2, 3]),
    "",
    conditions,
  ].join("\n");
  const readme = here("README.md");
  const text = readFileSync(readme, "utf8").replace(
    /(<!-- tweets -->\n)[^]*(\n<!-- \/tweets -->)/,
    (_, start: string, end: string) => `${start}\n${table}\n${end}`,
  );
  writeFileSync(readme, text);
  console.log(table);
}

/** What the embedder tells without the model, from all labelled rows: what the model adds is what lies above. */
async function probeAlone(rows: Dataset, seeds: readonly number[]): Promise<string> {
  const figures: Figures[] = [];
  for (const seed of seeds) {
    const { train, val, test } = splitTweets(rows, sizes, seed);
    const vectorsOf = (data: Dataset) => sentenceEmbedder().embed(data.column("text").map(String));
    const learnt = [...train.rows(), ...val.rows()];
    const vectors = [...(await vectorsOf(train)), ...(await vectorsOf(val))];
    const probe = await fitProbe(
      learnt.map(({ sentiment }, at) => ({
        vector: vectors[at]!,
        expected: sentiments.indexOf(String(sentiment)),
      })),
      sentiments.length,
    );
    const matrix = new ConfusionMatrix();
    for (const [at, vector] of (await vectorsOf(test)).entries()) {
      const logOdds = probed(probe, vector);
      matrix.add(String(test.at(at).sentiment), sentiments[logOdds.indexOf(Math.max(...logOdds))]!);
    }
    figures.push({ accuracy: matrix.accuracy(), macroF1: matrix.macroF1() });
  }
  const mean = (of: keyof Figures) =>
    (figures.reduce((sum, one) => sum + one[of], 0) / figures.length).toFixed(3);
  return `| the probe alone, no model | ${seeds.join(", ")} | – | ${mean("accuracy")} | – | ${mean("macroF1")} | 0 | 0 | – |`;
}

async function measure(
  strategy: string,
  seed: number,
  rows: Dataset,
  known: Figures | undefined,
): Promise<Run> {
  const { train, val, test } = splitTweets(rows, sizes, seed);
  const program = new Predict(
    "text -> sentiment: Literal['negative', 'neutral', 'positive']",
    "Classify the sentiment of the text.",
  );
  const metric = labelMatch("sentiment");
  const figures = async (tested: typeof program): Promise<Figures> => {
    const { score, macroF1 = NaN } = await evaluate(tested, test, metric);
    return { accuracy: score, macroF1 };
  };
  const before = known ?? (await figures(program));
  const objective = weighted([
    [0.5, meanScore],
    [0.5, macroF1("sentiment")],
  ]);
  const found = await optimizerByName(strategy)!({ metric, objective, seed }).compile(program, {
    train,
    val,
    budget,
  });
  const { task, prompt, reflection, teacher } = found.used;
  return {
    strategy,
    seed,
    before,
    after: found.kept ? before : await figures(found.program),
    calls: { task: task.calls, proposer: prompt.calls + reflection.calls + teacher.calls },
    seconds: found.seconds,
  };
}

function row(strategy: string, runs: readonly Run[]): string {
  const mean = (of: (run: Run) => number, digits: number) =>
    (runs.reduce((sum, run) => sum + of(run), 0) / runs.length).toFixed(digits);
  const cells = [
    strategy,
    runs.map(({ seed }) => seed).join(", "),
    mean(({ before }) => before.accuracy, 3),
    mean(({ after }) => after.accuracy, 3),
    mean(({ before }) => before.macroF1, 3),
    mean(({ after }) => after.macroF1, 3),
    mean(({ calls }) => calls.task, 0),
    mean(({ calls }) => calls.proposer, 0),
    mean(({ seconds }) => seconds, 0),
  ];
  return `| ${cells.join(" | ")} |`;
}
