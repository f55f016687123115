import { Dataset } from "../src/index.ts";
import { place } from "./process.ts";

/** Real tweets of an airline's customers with their sentiment; not part of the project. */
export const tweetsFile = place("../../shared/data/airline_tweets.csv");
export const sentiments = ["negative", "neutral", "positive"];

/** By so many the parts of `Best` were chosen; no figure is of them. */
const developed = 900;

/** The other rows, in an order of their own. */
export async function unseenTweets(): Promise<Dataset> {
  const tweets = await Dataset.read(tweetsFile);
  return Dataset.from(tweets.sample(tweets.length, { seed: 4242 }).rows().slice(developed));
}

/** So many of `rows` to learn from, to choose by and to test on, with the sentiments in the same shares. */
export function splitTweets(
  rows: Dataset,
  sizes: { train: number; val: number; test: number },
  seed: number,
) {
  const drawn = rows.sample(sizes.train + sizes.val + sizes.test, { seed });
  return drawn.split({ ...sizes, seed, stratify: "sentiment" });
}
