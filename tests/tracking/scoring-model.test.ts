import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonPath } from "../../src/services/index.ts";

const run = promisify(execFile);
const loader = fileURLToPath(new URL("../../python", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmframe-scoring-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * In place of a program: answers each row with its own text, which fills the pipe as the question did, and after a time,
 * as a model does: so that there are answers to write while questions are written.
 */
const echo = `import { createInterface } from "node:readline";
process.stdout.write('{"ready": true}\\n');
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, rows } = JSON.parse(line);
  setTimeout(() => process.stdout.write(JSON.stringify({ id, rows }) + "\\n"), 10);
});
`;

const callers = `import sys
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, sys.argv[1])
import pandas as pd
import scoring_model

model = scoring_model.ScoringModel(sys.argv[2])

def ask(number):
    text = str(number) * (300_000 // len(str(number)))
    return model.predict(pd.DataFrame({"text": [text]}))["text"][0] == text

with ThreadPoolExecutor(8) as threads:
    print(all(threads.map(ask, range(100, 164))))
`;

test("callers at once with texts larger than a pipe are all answered", async () => {
  writeFileSync(join(folder, "worker.mjs"), echo);
  writeFileSync(join(folder, "callers.py"), callers);
  const { stdout } = await run(pythonPath(), [join(folder, "callers.py"), loader, folder], {
    env: {
      ...process.env,
      LMFRAME_NODE: process.execPath,
      MLFLOW_DISABLE_TELEMETRY: "true",
      PYTHONDONTWRITEBYTECODE: "1",
    },
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  expect(stdout.trim()).toBe("True");
}, 150_000);
