import type { Batch } from "./client.ts";

/** What MLflow takes in one `log-batch`. */
const limits = { all: 1000, metrics: 1000, params: 100, tags: 100, bytes: 900_000 };

const kinds = ["params", "tags", "metrics"] as const;

/** Splits a batch of any size into ones that the server takes, keeping the order within each kind. */
export function batches(whole: Batch): Batch[] {
  const split: Batch[] = [];
  let current: Batch = {};
  let count = { all: 0, params: 0, tags: 0, metrics: 0, bytes: 0 };
  for (const kind of kinds) {
    for (const entry of whole[kind] ?? []) {
      const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
      if (count.all >= limits.all || count[kind] >= limits[kind] || count.bytes + bytes > limits.bytes) {
        split.push(current);
        current = {};
        count = { all: 0, params: 0, tags: 0, metrics: 0, bytes: 0 };
      }
      ((current[kind] ??= []) as (typeof entry)[]).push(entry);
      count.all++;
      count[kind]++;
      count.bytes += bytes;
    }
  }
  if (count.all > 0) split.push(current);
  return split;
}

/** Each entry of a batch as a batch of its own, in order. */
export function entries(whole: Batch): Batch[] {
  return kinds.flatMap((kind) => (whole[kind] ?? []).map((entry) => ({ [kind]: [entry] })));
}

/** `a` then `b` as one batch; undefined where the server would not take them together. */
export function merged(a: Batch, b: Batch): Batch | undefined {
  const together: Batch = {};
  for (const kind of kinds) {
    const entries = [...(a[kind] ?? []), ...(b[kind] ?? [])];
    if (entries.length > 0) (together[kind] as unknown) = entries;
  }
  return batches(together).length <= 1 ? together : undefined;
}
