import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder for a test file's files, gone when its tests are. */
export function testFolder() {
  const folder = mkdtempSync(join(tmpdir(), "lmframe-data-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return {
    path: (name: string) => join(folder, name),
    /** A file with this content, under a name of its own. */
    file: (content: string | Uint8Array, extension = "csv") => {
      const path = join(folder, `${count++}.${extension}`);
      writeFileSync(path, content);
      return path;
    },
  };
}
