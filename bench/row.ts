/** What one row of the benchmark measures, in samples of one unit; the smaller, the better. */
export interface Row {
  name: string;
  unit: string;
  /** At most this for our median; and, where given, for our median over the peer's. */
  aim: { ours: number; ratio?: number };
  measure(quick: boolean): number[];
  /** The same of DSPy; absent where it has nothing of the kind. */
  measurePeer?(quick: boolean): number[];
}

/** Samples in short: the median, and the least and the greatest. */
export interface Summary {
  median: number;
  spread: [least: number, greatest: number];
  samples: number;
}

export interface Result {
  name: string;
  unit: string;
  ours: number;
  peer: number | null;
  peerName: string | null;
  ratio: number | null;
  aim: Row["aim"];
  met: boolean;
  runs: { ours: Summary; peer: Summary | null };
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

export function measured(row: Row, peerName: string, quick: boolean): Result {
  const ours = summary(row.measure(quick));
  const peer = row.measurePeer ? summary(row.measurePeer(quick)) : null;
  const ratio = peer && ours.median / peer.median;
  const { name, unit, aim } = row;
  return {
    ...{ name, unit, ours: ours.median, peer: peer?.median ?? null, peerName: peer && peerName, ratio, aim },
    met: ours.median <= aim.ours && (aim.ratio === undefined || ratio === null || ratio <= aim.ratio),
    runs: { ours, peer },
  };
}
