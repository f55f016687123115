import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

// What `npm run check` and `npm run docs` say of the project itself.
const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lmframe-checks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["types hold", ["typescript/bin/tsc", "-p", ".", "--noEmit"]],
  ["lint has nothing to say, upward imports among it", ["eslint/bin/eslint.js", "."]],
  ["all is in form", ["prettier/bin/prettier.cjs", "--check", "."]],
  ["every export is documented", ["typedoc/bin/typedoc", "--treatWarningsAsErrors", "--out", folder]],
])("%s", { timeout: 600_000 }, async (_name, [program, ...args]) => {
  const command = [join(root, "node_modules", program!), ...args];
  const { failed } = await promisify(execFile)(process.execPath, command, { cwd: root }).then(
    () => ({ failed: "" }),
    (error: { stdout: string; stderr: string }) => ({ failed: error.stdout + error.stderr }),
  );
  expect(failed).toBe("");
});
