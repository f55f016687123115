import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLines } from "../../src/core/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lmframe-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("whole lines only, whatever the pieces they are read in", () => {
  const path = join(folder, "lines.txt");
  const lines = Array.from({ length: 3000 }, (_, n) => `${n} ${"ü€𝄞".repeat(n % 200)}`);
  writeFileSync(path, `${lines.join("\n")}\nbegun`);
  expect([...readLines(path)]).toEqual(lines);
  const [first] = readLines(path);
  expect(first).toBe("0 ");
});

test("an empty file has no lines", () => {
  const path = join(folder, "empty.txt");
  writeFileSync(path, "");
  expect([...readLines(path)]).toEqual([]);
});
