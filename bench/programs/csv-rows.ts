import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Writes a CSV file of so many rows with an id, a text and a label, and removes its folder after use. */
export async function withRows<T>(
  count: number,
  use: (file: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
  try {
    const table = join(folder, "rows.csv");
    const file = openSync(table, "w");
    writeSync(file, "id,text,label\n");
    for (let i = 0; i < count; i += 100) {
      const lines = Array.from(
        { length: 100 },
        (_, j) => `${i + j},"Flight ${i + j} was late, and nobody said why",negative\n`,
      );
      writeSync(file, lines.join(""));
    }
    closeSync(file);
    return await use(table, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The peak memory of this process so far, in megabytes. */
export const peakMegabytes = (): number => process.resourceUsage().maxRSS / 1024;
