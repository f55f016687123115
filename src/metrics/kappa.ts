/** How wrong it is to say one value for another: always fully, or with the square of the gap. */
export type KappaWeights = "none" | "quadratic";

/**
 * Cohen's kappa of two raters: agreement beyond chance, 1 where they always agree, 0 where as often as by chance,
 * below where less (Cohen 1960). Quadratic weights let a near miss cost less than a far one (Cohen 1968). 0 where
 * both say one and the same value throughout, as chance then agrees as well. Throws RangeError where the lengths
 * differ.
 */
export function cohenKappa(
  a: readonly number[],
  b: readonly number[],
  weights: KappaWeights = "none",
): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} values against ${b.length}`);
  const cost = (x: number, y: number) => (weights === "quadratic" ? (x - y) ** 2 : Number(x !== y));
  const [saidA, saidB] = [shares(a), shares(b)];
  let byChance = 0;
  for (const [x, shareX] of saidA) for (const [y, shareY] of saidB) byChance += shareX * shareY * cost(x, y);
  const observed = a.reduce((sum, value, index) => sum + cost(value, b[index]!), 0) / a.length;
  return byChance === 0 ? 0 : 1 - observed / byChance;
}

function shares(values: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1 / values.length);
  return found;
}
