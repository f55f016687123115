import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfusionMatrix } from "../../src/index.ts";
import { ensureModel } from "../../src/services/index.ts";
import { dspyProgram, names, program } from "../process.ts";
import type { Measure, Row } from "../row.ts";
import { sentiments, splitTweets, tweetsFile, unseenTweets } from "../unseen-tweets.ts";

const sizes = { train: 200, val: 100, test: 200 };
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
  const parts = splitTweets(await unseenTweets(), sizes, seed);
  const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
  try {
    for (const [name, rows] of Object.entries(parts)) {
      const read = rows.rows().map(({ text, sentiment }) => ({ text, sentiment }));
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(read));
    }
    const [search = NaN, seconds = NaN, ...said] = await side(folder);
    const matrix = ConfusionMatrix.of(
      parts.test.column("sentiment").map(String),
      said.map((at) => sentiments[at]),
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
    needs: tweetsFile,
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
