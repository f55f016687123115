// Maps a CSV file of many rows into another and prints the peak memory of this process, in megabytes.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmframe } from "../package.ts";

const { Dataset, FunctionModel, Predict } = lmframe;
const count = Number(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
try {
  const table = join(folder, "rows.csv");
  const file = openSync(table, "w");
  writeSync(file, "id,text\n");
  for (let i = 0; i < count; i += 100) {
    const lines = Array.from(
      { length: 100 },
      (_, j) => `${i + j},"Flight ${i + j} was late, and nobody said why"\n`,
    );
    writeSync(file, lines.join(""));
  }
  closeSync(file);
  const lm = new FunctionModel(() => '{"label": "negative"}');
  const classify = new Predict("text -> label: Literal['positive', 'negative']", { lm });
  await classify.map(Dataset.scan(table), { to: join(folder, "mapped.csv") });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify([process.resourceUsage().maxRSS / 1024]));
