import { program } from "../process.ts";
import type { Row } from "../row.ts";

/** A pool of two healthy stand-in endpoints beside a slow, a failing, a rate-limited and a dying one. */
export const poolLatency: Row = {
  name: "p95 of a call to a pool, 4 of 6 endpoints in trouble",
  unit: "ms",
  measure: (quick) => program("pool-latency", quick ? 1 : 3, "troubled"),
  peers: [
    {
      name: "the healthy two alone",
      aim: 1.2,
      measure: (quick) => program("pool-latency", quick ? 1 : 3, "no"),
    },
  ],
};
