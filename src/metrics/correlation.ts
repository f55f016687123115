/**
 * Pearson's correlation of two lists of numbers, -1 to 1. 0 where one of them does not vary: it then tells nothing of
 * the other. Throws RangeError where the lengths differ.
 */
export function pearson(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} values against ${b.length}`);
  const [centreA, centreB] = [meanOf(a), meanOf(b)];
  let [together, spreadA, spreadB] = [0, 0, 0];
  a.forEach((value, index) => {
    const [fromA, fromB] = [value - centreA, b[index]! - centreB];
    together += fromA * fromB;
    spreadA += fromA * fromA;
    spreadB += fromB * fromB;
  });
  return spreadA === 0 || spreadB === 0 ? 0 : together / Math.sqrt(spreadA * spreadB);
}

/** Spearman's correlation: {@link pearson} of the ranks, ties sharing their mean rank (Spearman 1904). */
export function spearman(a: readonly number[], b: readonly number[]): number {
  return pearson(ranks(a), ranks(b));
}

function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!);
  const ranked = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (const place of order.slice(start, end)) ranked[place] = (start + end - 1) / 2;
    start = end;
  }
  return ranked;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
