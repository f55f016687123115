/** Samples of one unit, the smaller the better. `quick` asks for few. */
export type Measure = (quick: boolean) => number[] | Promise<number[]>;

/** What one row of the benchmark measures, beside those who do the same. */
export interface Row {
  name: string;
  unit: string;
  measure: Measure;
  peers: readonly Peer[];
  /** `full`: passed over with `--quick`; `large`: measured with `--large` alone. Default: always measured. */
  effort?: "full" | "large";
  /** A file without which the row is passed over: of data that is not part of the project. */
  needs?: string;
  /** What the row is one point of, for a chart of cost against size: so many rows, candidates or documents. */
  size?: { of: string; count: number };
}

/** What a row is compared with. */
export interface Peer {
  name: string;
  /** The largest ratio of our median to the peer's that is good enough. */
  aim: number;
  /** How the peer is measured; or a figure: one that was published, or that cannot be undercut. */
  measure: Measure | number;
}

/** Samples in short: the median, and the least and the greatest. */
export interface Summary {
  median: number;
  spread: [least: number, greatest: number];
  samples: number;
}

/** A row beside one of its peers, as `results.json` holds it. */
export interface Result {
  name: string;
  unit: string;
  ours: number;
  peer: number;
  peerName: string;
  /** Null where the peer's figure is 0. */
  ratio: number | null;
  aim: number;
  met: boolean;
  size?: Row["size"];
  /** Without `peer` for a figure that was not measured. */
  runs: { ours: Summary; peer?: Summary; conditions: string };
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function summary(samples: readonly number[]): Summary {
  return {
    median: median(samples),
    spread: [Math.min(...samples), Math.max(...samples)],
    samples: samples.length,
  };
}

/** Measures a row, then its peers, one after the other. */
export async function measured(row: Row, quick: boolean, conditions: string): Promise<Result[]> {
  const ours = summary(await row.measure(quick));
  const results: Result[] = [];
  for (const { name: peerName, aim, measure } of row.peers) {
    const run = typeof measure === "number" ? undefined : summary(await measure(quick));
    const peer = run?.median ?? (measure as number);
    const { name, unit, size } = row;
    const ratio = peer === 0 ? null : ours.median / peer;
    const met = ours.median <= aim * peer;
    const runs = { ours, ...(run && { peer: run }), conditions };
    const beside = { ours: ours.median, peer, peerName, ratio, aim, met };
    results.push({ name, unit, ...beside, ...(size && { size }), runs });
  }
  return results;
}
