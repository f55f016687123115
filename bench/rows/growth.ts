import { program } from "../process.ts";
import type { Row } from "../row.ts";

const sizes = { rows: [1000, 10_000, 100_000, 1_000_000], candidates: [10, 100, 1000] };

/** What one row of an evaluation, and one candidate of a search, costs among few and among many; see documents.ts. */
export const growthRows: Row[] = Object.entries(sizes).flatMap(([of, counts]) =>
  counts.map((count): Row => {
    // What is over in a moment is measured more often.
    const runs = (count: number, quick: boolean) =>
      Math.max(quick ? 1 : 5, Math.ceil(counts[1]! / count) * (quick ? 1 : 2));
    const measure = (count: number) => (quick: boolean) => program("growth", of, count, runs(count, quick));
    const [least = count] = counts;
    return {
      name: of === "rows" ? `evaluate ${named(count)} rows` : `search ${named(count)} candidates`,
      unit: of === "rows" ? "µs a row" : "µs a candidate",
      measure: measure(count),
      peers: [{ name: `itself at ${named(least)}`, aim: 1.2, measure: measure(least) }],
      size: { of, count },
      ...(count > least * 10 && { effort: "full" }),
    };
  }),
);

function named(count: number): string {
  return count.toLocaleString("en");
}
