/**
 * Milliseconds of one call, as the mean of each of some batches, as `programs/predict-call.ts` takes them. `sizes`:
 * batches, calls in each, calls to warm up.
 */
export async function callBatches(call, [batches, calls, warm]) {
  const batch = async (size) => {
    const started = performance.now();
    for (let i = 0; i < size; i++) await call(i);
    return (performance.now() - started) / size;
  };
  await batch(warm);
  const found = [];
  for (let i = 0; i < batches; i++) found.push(await batch(calls));
  return found;
}
