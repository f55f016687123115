// danfojs' side of the rows of tables: prints a JSON list of numbers, as programs/frames.ts does.
import { createRequire } from "node:module";
import { columns } from "./columns.mjs";

const { DataFrame, Series } = createRequire(import.meta.url)("danfojs");
const [verb, count, runs] = process.argv.slice(3);
const source = columns(Number(count));

const verbs = {
  map: (data) => {
    const mapped = data.copy();
    mapped.addColumn("words", new Series(data.text.values.map((text) => text.split(" ").length)), {
      inplace: true,
    });
    return mapped;
  },
  group: (data) => data.groupby(["label"]).col(["price"]).count(),
  filter: (data) => data.query(data.price.gt(50)),
  sort: (data) => data.sortValues("price"),
};
const found = [];
for (let i = 0; i < Number(runs); i++) {
  const data = new DataFrame(source);
  const started = performance.now();
  const [length] = verbs[verb](data).shape;
  found.push(performance.now() - started);
  if (length === 0) throw new Error("nothing came out");
}
console.log(JSON.stringify(found));
