import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Journal } from "../../src/optimizers/journal.ts";

const path = () => join(mkdtempSync(join(tmpdir(), "lmframe-journal-")), "study.jsonl");
const decide = (journal: Journal, ...candidates: string[]) => {
  for (const candidate of candidates)
    journal.write({ kind: "decision", what: "accept", data: { candidate } });
};
const decided = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => /"candidate":"(.)"/.exec(line)?.[1] ?? []);

test("a decision that is taken again is not written twice, and one that is new is written wherever it falls", () => {
  const file = path();
  const first = new Journal(file, { seed: 1 });
  decide(first, "a", "b", "b");
  first.close();
  const resumed = new Journal(file, { seed: 1 });
  decide(resumed, "a", "c", "b", "b", "b", "d");
  resumed.close();
  expect(decided(file)).toEqual(["a", "b", "b", "c", "b", "d"]);
});
