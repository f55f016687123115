import { dspy, program } from "../process.ts";
import type { Row } from "../row.ts";

/** One call of one predictor whose model is a function in the process: what the toolkit itself costs. */
export const predictCall: Row = {
  name: "one Predict call, in-process model",
  unit: "ms",
  aim: { ours: 0.05, ratio: 0.25 },
  measure: (quick) => program("predict-call", quick ? 10 : 40),
  measurePeer: (quick) => dspy("predict-call", quick ? 5 : 20),
};
