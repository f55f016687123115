import { dspy, program } from "../process.ts";
import type { Row } from "../row.ts";

/** Evaluating 2,000 rows whose model takes 50 ms, over the time that the waits alone take. */
export const evaluateRows: Row[] = [8, 100, 500].map((concurrency) => {
  const ideal = (2000 / concurrency) * 50;
  const overIdeal = (milliseconds: number[]) => milliseconds.map((each) => each / ideal);
  const runs = (quick: boolean) => (quick ? 1 : 3) * (concurrency > 8 ? 3 : 1);
  return {
    name: `evaluate 2,000 rows of 50 ms, ${concurrency} at once`,
    unit: "× ideal",
    aim: { ours: 1.1 },
    measure: (quick) => overIdeal(program("evaluate-rows", concurrency, runs(quick))),
    measurePeer: (quick) => overIdeal(dspy("evaluate-rows", concurrency, runs(quick))),
  };
});
