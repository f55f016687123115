/**
 * The non-decreasing step function nearest to points in the least squares, by pooling neighbours that are out of order
 * (Ayer et al. 1955, "An empirical distribution function for sampling with incomplete information").
 */
export class Isotonic {
  readonly #steps: readonly { from: number; to: number; value: number }[];

  /** @param points at least one; their order does not matter. */
  constructor(points: readonly (readonly [x: number, y: number])[]) {
    const blocks: { from: number; to: number; sum: number; count: number }[] = [];
    for (const [x, y] of [...points].sort((a, b) => a[0] - b[0])) {
      let block = { from: x, to: x, sum: y, count: 1 };
      for (let last = blocks.at(-1); last; last = blocks.at(-1)) {
        if (last.to < block.from && last.sum / last.count <= block.sum / block.count) break;
        blocks.pop();
        block = {
          from: last.from,
          to: block.to,
          sum: last.sum + block.sum,
          count: last.count + block.count,
        };
      }
      blocks.push(block);
    }
    this.#steps = blocks.map(({ from, to, sum, count }) => ({ from, to, value: sum / count }));
  }

  /** The function at `x`: straight lines between steps, the ends beyond them. */
  at(x: number): number {
    const steps = this.#steps;
    const next = steps.findIndex(({ to }) => x <= to);
    if (next < 0) return steps.at(-1)!.value;
    const step = steps[next]!;
    const before = steps[next - 1];
    if (x >= step.from || !before) return step.value;
    const share = (x - before.to) / (step.from - before.to);
    return before.value + (step.value - before.value) * share;
  }
}
