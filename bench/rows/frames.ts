import { javascriptPeer, names, program, withinSeconds } from "../process.ts";
import type { Row } from "../row.ts";

const verbs = { map: 100_000, group: 1_000_000, filter: 1_000_000, sort: 1_000_000 };
const runs = (quick: boolean) => (quick ? 3 : 7);

/** Tables: a column computed from each row, rows counted by label, rows kept, rows in order. */
export const frameRows: Row[] = Object.entries(verbs).map(([verb, count]) => ({
  name: `${verb} ${count.toLocaleString("en")} rows`,
  unit: "ms",
  measure: (quick) => program("frames", verb, count, runs(quick)),
  peers: [
    {
      name: names.arquero,
      aim: 1,
      measure: (quick) => javascriptPeer("arquero", "frames", verb, count, runs(quick)),
    },
    {
      name: names.danfojs,
      aim: 1,
      measure: (quick) =>
        withinSeconds(quick ? 15 : 300, "danfojs", "frames", verb, count, quick ? 1 : runs(quick)),
    },
  ],
}));
