export function callBatches(
  call: (index: number) => unknown,
  sizes: readonly [batches: number, calls: number, warm: number],
): Promise<number[]>;
