import { random } from "../core/random.ts";
import { ConfigurationError, DataError } from "../core/errors.ts";
import { type Column, type Groups, type Order } from "./columns/column.ts";

/** How rows are dealt to the parts of a split. */
export interface SplitOptions {
  /** The same seed deals the same rows. Default 0. */
  seed?: number;
  /** A column whose values shall have the same shares in each part, such as the label. */
  stratify?: string | undefined;
  /** A column whose rows with one value stay together, such as the customer: none is in two parts. */
  groupBy?: string | undefined;
}

/** The options' names, which no part can have. */
export const splitOptions: readonly string[] = ["seed", "stratify", "groupBy"];

/**
 * The positions of each part. Sizes are fractions (none above 1, together at most 1) or numbers of rows.
 * Rows come in random order; under stratification every stretch of a part has about the strata's shares too.
 */
export function splitOrder(
  length: number,
  sizes: ReadonlyMap<string, number>,
  seed: number,
  strata: Column | undefined,
  groups: Column | undefined,
): Map<string, Order> {
  const ends = cumulativeSizes(sizes, length);
  const { next, shuffle } = random(seed);
  const shuffled = Uint32Array.from(shuffle(Array.from({ length }, (_, i) => i)));
  const order = strata ? interleave(shuffled, strata.groups(), next) : shuffled;
  if (groups) return dealGroups(order, sizes, ends, groups.groups(), strata?.groups(), shuffle);
  let start = 0;
  return new Map(
    [...sizes.keys()].map((name, part) => {
      const positions = order.subarray(start, ends[part]);
      start = ends[part]!;
      return [name, positions];
    }),
  );
}

/** Where each part ends when they follow each other, rounded so that no row is lost between two. */
function cumulativeSizes(sizes: ReadonlyMap<string, number>, length: number): number[] {
  const values = [...sizes.values()];
  const shown = [...sizes].map(([name, size]) => `${name}: ${size}`).join(", ");
  if (values.length === 0)
    throw new ConfigurationError("split needs a part, such as { train: 0.5, test: 0.5 }");
  if (values.some((size) => !(size >= 0))) {
    throw new ConfigurationError(`invalid split { ${shown} }: sizes are not negative`);
  }
  const sum = values.reduce((total, size) => total + size, 0);
  const fractions = values.every((size) => size <= 1);
  if (!fractions && !values.every(Number.isInteger)) {
    throw new ConfigurationError(
      `invalid split { ${shown} }: expected fractions up to 1, or whole numbers of rows; not both`,
    );
  }
  if (fractions && sum > 1 + 1e-9) {
    throw new ConfigurationError(
      `invalid split { ${shown} }: the fractions add up to ${sum}, expected at most 1`,
    );
  }
  if (!fractions && sum > length) {
    throw new DataError(`the split { ${shown} } needs ${sum} rows and there are ${length}`);
  }
  let total = 0;
  return values.map((size) => {
    total += size;
    return fractions ? Math.min(length, Math.round(total * length)) : total;
  });
}

/**
 * Systematic sampling: the k-th of a stratum's n rows stands at (k + u) / n, u random, so that wherever the order
 * is cut each side has the stratum's share of it to within one row.
 */
function interleave(shuffled: Order, { codes, values }: Groups, next: () => number): Order {
  const counts = countRows({ codes, values });
  const offsets = values.map(() => next());
  const seen = new Uint32Array(values.length);
  const place = new Float64Array(shuffled.length);
  for (const row of shuffled) {
    const code = codes[row]!;
    place[row] = (seen[code]!++ + offsets[code]!) / counts[code]!;
  }
  return Uint32Array.from(shuffled).sort((a, b) => place[a]! - place[b]!);
}

/** How many rows each value has. */
export function countRows({ codes, values }: Groups): Uint32Array {
  const counts = new Uint32Array(values.length);
  for (const code of codes) counts[code]!++;
  return counts;
}

/**
 * Deals whole groups, the largest first, each to the part that lacks most of what it holds, stratum by stratum.
 * Rows outside all parts (fractions below 1 in sum) are a part of their own, left out at the end.
 */
function dealGroups(
  order: Order,
  sizes: ReadonlyMap<string, number>,
  ends: readonly number[],
  groups: Groups,
  strata: Groups | undefined,
  shuffle: <T>(items: Iterable<T>) => T[],
): Map<string, Order> {
  const stratum = strata?.codes ?? new Uint32Array(order.length);
  const totals = countRows(strata ?? { codes: stratum, values: [null] });
  const targets = [...ends, order.length].map((end, part) => end - (part > 0 ? ends[part - 1]! : 0));
  const missing = targets.map((target) => Array.from(totals, (total) => (target / order.length) * total));

  const rowsOf = new Map<number, number[]>();
  for (const row of order) {
    const code = groups.codes[row]!;
    const rows = rowsOf.get(code);
    if (rows) rows.push(row);
    else rowsOf.set(code, [row]);
  }
  const needed = targets.filter((target) => target > 0).length;
  if (rowsOf.size < needed) {
    throw new DataError(`${rowsOf.size} groups cannot fill ${needed} parts; a group is never divided`);
  }

  const parts: number[][] = targets.map(() => []);
  const bySize = shuffle(rowsOf.values()).sort((a, b) => b.length - a.length);
  for (const rows of bySize) {
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(stratum[row]!, (counts.get(stratum[row]!) ?? 0) + 1);
    let best = 0;
    let bestNeed = -Infinity;
    for (const [part, lacks] of missing.entries()) {
      if (targets[part] === 0) continue;
      let need = 0;
      for (const [code, count] of counts) need += (lacks[code]! * count) / totals[code]!;
      if (need > bestNeed) [best, bestNeed] = [part, need];
    }
    parts[best]!.push(...rows);
    for (const [code, count] of counts) missing[best]![code]! -= count;
  }
  const rank = new Uint32Array(order.length);
  order.forEach((row, at) => (rank[row] = at));
  return new Map(
    [...sizes.keys()].map((name, part) => [
      name,
      Uint32Array.from(parts[part]!).sort((a, b) => rank[a]! - rank[b]!),
    ]),
  );
}
