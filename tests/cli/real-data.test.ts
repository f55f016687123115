import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ensureModel } from "../../src/services/index.ts";
import { command, useFolder } from "./command.ts";

const tweets = fileURLToPath(new URL("../../../shared/data/airline_tweets.csv", import.meta.url));
const folder = useFolder();

test("classify reads real messages with the embedded model", { timeout: 400_000 }, async ({ skip }) => {
  if (!existsSync(tweets)) return skip("no ../shared/data/airline_tweets.csv here");
  try {
    await ensureModel();
  } catch (error) {
    return skip(`no embedded model here: ${(error as Error).message}`);
  }
  const args = ["--text", "text", "--label", "sentiment", "--limit", "600", "--seed", "7"];
  const done = await command(["classify", tweets, ...args, "--optimizer", "none", "--no-track", "--json"], {
    cwd: folder.path,
  });
  expect(done).toMatchObject({ code: 0 });
  const { rows, before, after } = JSON.parse(done.stdout);
  expect(rows.test).toBeGreaterThanOrEqual(150);
  expect(before).toMatchObject({ unreadable: 0, errors: 0 });
  expect(before.accuracy).toBeGreaterThanOrEqual(0.75);
  expect(after).toEqual({ ...before, kept: true });
});
