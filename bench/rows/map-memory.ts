import { program } from "../process.ts";
import { median, type Row } from "../row.ts";

/** Peak memory of mapping a large CSV file into another, over that of a small one. */
export const mapMemory: Row = {
  name: "peak memory of mapping 1,000,000 rows, over 10,000",
  unit: "×",
  aim: { ours: 1.2 },
  measure(quick) {
    const peaks = (rows: number) =>
      Array.from({ length: quick ? 1 : 3 }, () => program("map-rows", rows)[0]!);
    const small = median(peaks(10_000));
    return peaks(1_000_000).map((large) => large / small);
  },
};
