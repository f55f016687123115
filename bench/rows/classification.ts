import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfusionMatrix, Dataset } from "../../src/index.ts";
import { ensureModel } from "../../src/services/index.ts";
import { dspyProgram, names, place, program } from "../process.ts";
import type { Measure, Row } from "../row.ts";

const file = place("../../shared/data/airline_tweets.csv");
const labels = ["negative", "neutral", "positive"];
const sizes = { train: 200, val: 100, test: 200 };
/** The parts of `Best` were chosen on the rows before these. */
const developed = 900;
const seed = 1;
/** Rollouts of a search, the 100 of the program as it was among them. */
const rollouts = 500;

/** What is compared of an answered test set; the smaller the better, each. */
interface Figures {
  wrong: number;
  macroF1: number;
  unreadable: number;
  seconds: number;
  search: number;
}

type Side = (folder: string) => number[] | Promise<number[]>;

const settings = [seed, rollouts];
const ours =
  (mode: "plain" | "best"): Side =>
  (folder) =>
    program("classify-tweets", folder, mode, ...settings);

const theirs =
  (mode: "chat" | "json" | "random search"): Side =>
  async (folder) => {
    const { baseURL, model = "", apiKey } = await ensureModel();
    const args = [baseURL, model, folder, mode, ...settings];
    return dspyProgram("dspy_tweets", args, { BENCH_KEY: apiKey });
  };

/** Each side classifies the test rows once: all its rows of the table are of that. */
const known = new Map<Side, Promise<Figures>>();
const figure =
  (side: Side, of: keyof Figures): Measure =>
  async () => {
    if (!known.has(side)) known.set(side, classified(side));
    return [(await known.get(side)!)[of]];
  };

async function classified(side: Side): Promise<Figures> {
  const tweets = await Dataset.read(file);
  const unseen = tweets.sample(tweets.length, { seed: 4242 }).rows().slice(developed);
  const drawn = Dataset.from(unseen).sample(sizes.train + sizes.val + sizes.test, { seed });
  const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
  try {
    const parts = drawn.split({ ...sizes, seed, stratify: "sentiment" });
    for (const [name, rows] of Object.entries(parts)) {
      const read = rows.rows().map(({ text, sentiment }) => ({ text, sentiment }));
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(read));
    }
    const [search = NaN, seconds = NaN, ...said] = await side(folder);
    const test = JSON.parse(readFileSync(join(folder, "test.json"), "utf8")) as { sentiment: string }[];
    const expected = test.map(({ sentiment }) => sentiment);
    const matrix = ConfusionMatrix.of(
      expected,
      said.map((at) => labels[at]),
    );
    return {
      wrong: 1 - matrix.accuracy(),
      macroF1: 1 - matrix.macroF1(),
      unreadable: said.filter((at) => at < 0).length,
      seconds,
      search,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function row(
  name: string,
  unit: string,
  of: keyof Figures,
  own: Side,
  peers: Readonly<Record<string, Side>>,
): Row {
  return {
    name: `${sizes.test} tweets, ${name}`,
    unit,
    effort: "full",
    needs: file,
    measure: figure(own, of),
    peers: Object.entries(peers).map(([name, side]) => ({ name, aim: 1, measure: figure(side, of) })),
  };
}

const answers = (title: string, own: Side, peers: Readonly<Record<string, Side>>): Row[] => [
  row(`${title}: wrong`, "share", "wrong", own, peers),
  row(`${title}: 1 − macro-F1`, "of 1", "macroF1", own, peers),
  row(`${title}: unreadable`, "replies", "unreadable", own, peers),
  row(`${title}: time`, "s", "seconds", own, peers),
];

/** Real tweets of an airline's customers by the embedded model, by the program as it is written. */
export const classificationRows: Row[] = answers("Predict", ours("plain"), {
  [`${names.dspy}, chat`]: theirs("chat"),
  [`${names.dspy}, JSON`]: theirs("json"),
});

const best = ours("best");
const search = { [`${names.dspy}, random search`]: theirs("random search") };

/** The same by the program that was found for it. */
export const optimizedClassificationRows: Row[] = [
  ...answers("optimized", best, search),
  row("optimized: the search", "s", "search", best, search),
];
