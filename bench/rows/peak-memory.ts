import { program } from "../process.ts";
import type { Row } from "../row.ts";

/** Peak memory of mapping a large CSV file into another, beside that of a small one. */
export const mapMemory: Row = { ...peakMemory("map", "map-rows"), effort: "full" };

/** Peak memory of evaluating all rows of a large CSV file, beside those of a small one. */
export const evaluateMemory: Row = peakMemory("evaluate", "evaluate-scan");

function peakMemory(verb: string, name: string): Row {
  const peaks = (rows: number, quick: boolean) =>
    Array.from({ length: quick ? 1 : 3 }, () => program(name, rows)[0]!);
  return {
    name: `${verb} 1,000,000 rows, peak memory`,
    unit: "MB",
    measure: (quick) => peaks(1_000_000, quick),
    peers: [{ name: "itself at 10,000", aim: 1.2, measure: (quick) => peaks(10_000, quick) }],
  };
}
