// arquero's side of the rows of tables: prints a JSON list of numbers, as programs/frames.ts does.
import { escape, op, table } from "arquero";
import { columns } from "./columns.mjs";

const [verb, count, runs] = process.argv.slice(3);
const source = columns(Number(count));

// What is lazy is made to give its rows: a view of which nobody reads costs nothing.
const verbs = {
  map: (data) => data.derive({ words: escape((row) => row.text.split(" ").length) }),
  group: (data) => data.groupby("label").rollup({ count: op.count() }),
  filter: (data) => data.filter(escape((row) => row.price > 50)),
  sort: (data) => data.orderby("price").reify(),
};
const found = [];
for (let i = 0; i < Number(runs); i++) {
  const data = table(source);
  const started = performance.now();
  const length = verbs[verb](data).numRows();
  found.push(performance.now() - started);
  if (length === 0) throw new Error("nothing came out");
}
console.log(JSON.stringify(found));
