import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecord, writeRecord } from "../../src/services/record.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmframe-record-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a record comes back as written, and only its user can read it", async () => {
  const file = join(folder, "model.json");
  const record = { pid: 12, birth: "345", port: 6789, startedAt: 1, key: "secret" };
  await writeRecord(file, record);
  expect(await readRecord(file)).toEqual(record);
  expect((await stat(file)).mode & 0o077).toBe(0);
});

test.each([
  "",
  "{",
  "null",
  "[]",
  `{"pid": 1}`,
  `{"pid": "1", "port": 2, "startedAt": 3}`,
  `{"pid": -1, "port": 2, "startedAt": 3}`,
])("what is no record counts as none: %s", async (text) => {
  const file = join(folder, "broken.json");
  await writeFile(file, text);
  expect(await readRecord(file)).toBeUndefined();
});
