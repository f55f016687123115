import { dspy, javascriptPeer, names, program } from "../process.ts";
import type { Row } from "../row.ts";

/** Evaluating 2,000 rows whose model takes 50 ms, over the time that the waits alone take. */
export const evaluateRows: Row[] = [8, 100, 500, 1000].map((concurrency) => {
  const ideal = (2000 / concurrency) * 50;
  const overIdeal = (milliseconds: number[]) => milliseconds.map((each) => each / ideal);
  const runs = (quick: boolean) => (quick ? 1 : 3) * (concurrency > 8 ? 3 : 1);
  return {
    name: `evaluate 2,000 rows of 50 ms, ${concurrency.toLocaleString("en")} at once`,
    unit: "× ideal",
    measure: (quick) => overIdeal(program("evaluate-rows", concurrency, runs(quick))),
    peers: [
      { name: "the waits alone", aim: 1.1, measure: 1 },
      {
        name: names.dspy,
        aim: 1,
        measure: (quick) => overIdeal(dspy("evaluate-rows", concurrency, runs(quick))),
      },
      {
        name: names.ax,
        aim: 1,
        measure: (quick) => overIdeal(javascriptPeer("ax", "evaluate-rows", concurrency, runs(quick))),
      },
    ],
  };
});
