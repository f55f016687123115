// Maps a CSV file of many rows into another and prints the peak memory of this process, in megabytes.
import { join } from "node:path";
import { lmframe } from "../package.ts";
import { peakMegabytes, withRows } from "./csv-rows.ts";

const { Dataset, FunctionModel, Predict } = lmframe;
const lm = new FunctionModel(() => '{"label": "negative"}');
const classify = new Predict("text -> label: Literal['positive', 'negative']", { lm });
await withRows(Number(process.argv[2]), (table, folder) =>
  classify.map(Dataset.scan(table), { to: join(folder, "mapped.csv") }),
);
console.log(JSON.stringify([peakMegabytes()]));
