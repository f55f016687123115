import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder for the indexes of a test file, which is removed after it. */
export function indexFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lmframe indexes "));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
