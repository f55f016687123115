// Prints the milliseconds that one verb over a Dataset took, once for each of some runs.
import { lmframe } from "../package.ts";
import { columns } from "../peers/columns.mjs";

const { Dataset } = lmframe;
const verb = process.argv[2]!;
const [count, runs] = process.argv.slice(3).map(Number) as [number, number];
const source = columns(count);
const table = () => Dataset.from(source);

const verbs: Record<string, (data: ReturnType<typeof table>) => { length: number }> = {
  map: (data) => data.derive({ words: (row) => row.text.split(" ").length }),
  group: (data) => data.groupCounts("label"),
  filter: (data) => data.filter((row) => row.price > 50),
  sort: (data) => data.sort("price"),
};
const found: number[] = [];
for (let i = 0; i < runs; i++) {
  // A table of its own each time: what one run worked out is not there for the next.
  const data = table();
  const started = performance.now();
  const { length } = verbs[verb]!(data);
  found.push(performance.now() - started);
  if (length === 0) throw new Error("nothing came out");
}
console.log(JSON.stringify(found));
