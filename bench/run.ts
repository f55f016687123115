// Measures every row beside its peer: `npm run bench [-- --quick]`. Writes results.json and the table in README.md.
// `npm run bench -- embedders` measures what finds documents instead, `npm run bench -- optimizers` the strategies,
// `npm run bench -- tweets` what they make of real tweets.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { measured, type Result, type Summary } from "./row.ts";
import { coldImport } from "./rows/cold-import.ts";
import { evaluateRows } from "./rows/evaluate-rows.ts";
import { mapMemory } from "./rows/map-memory.ts";
import { predictCall } from "./rows/predict-call.ts";

const here = (name: string) => new URL(name, import.meta.url);
const quick = process.argv.includes("--quick");
const peerName = readFileSync(here("peers-requirements.txt"), "utf8")
  .trim()
  .replace("==", " ")
  .replace("dspy", "DSPy");

const [load = 0] = loadavg();
const conditions =
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores` +
  `${load > cpus().length ? `, on a busy machine (load ${load.toFixed(1)}): wall-clock figures are too high` : ""}` +
  `${quick ? ", quick" : ""}.`;
if (process.argv.includes("embedders")) {
  const { compareEmbedders } = await import("./embedders.ts");
  await compareEmbedders(conditions);
  process.exit();
}

if (process.argv.includes("optimizers")) {
  const { compareOptimizers } = await import("./optimizers.ts");
  await compareOptimizers(conditions);
  process.exit();
}

if (process.argv.includes("tweets")) {
  const { compareOnTweets } = await import("./tweets.ts");
  await compareOnTweets(conditions, process.argv.slice(process.argv.indexOf("tweets") + 1));
  process.exit();
}

const results: Result[] = [];
for (const row of [predictCall, ...evaluateRows, coldImport, mapMemory]) {
  process.stderr.write(`bench: ${row.name}…\n`);
  results.push(measured(row, peerName, quick));
}

const table = [
  `| | unit | lmframe | ${peerName} | ratio | aim | |`,
  "| --- | --- | --- | --- | --- | --- | --- |",
  ...results.map(
    ({ name, unit, ratio, aim, met, runs }) =>
      `| ${name} | ${unit} | ${show(runs.ours)} | ${runs.peer ? show(runs.peer) : "–"} | ` +
      `${ratio === null ? "–" : figure(ratio)} | ≤ ${aim.ours}${aim.ratio ? `, ratio ≤ ${aim.ratio}` : ""} | ${met ? "met" : "missed"} |`,
  ),
  "",
  conditions,
].join("\n");

writeFileSync(here("results.json"), `${JSON.stringify(results, null, 2)}\n`);
const readme = readFileSync(here("README.md"), "utf8");
writeFileSync(
  here("README.md"),
  readme.replace(
    /(<!-- results -->\n)[^]*(\n<!-- \/results -->)/,
    (_, start: string, end: string) => `${start}\n${table}\n${end}`,
  ),
);
console.log(table);

function show({ median, spread: [least, greatest] }: Summary): string {
  return `${figure(median)} (${figure(least)} – ${figure(greatest)})`;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
