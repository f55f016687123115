// Measures rows beside their peers: `npm run bench [-- NAME… --quick --large]`. Writes results.json, charts.html and
// the table in README.md. `npm run bench -- embedders`, `-- optimizers` and `-- tweets` make tables of their own,
// and `-- flames` the pictures of where the time goes.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { chartsPage, figure } from "./charts.ts";
import { measured, type Result, type Row, type Summary } from "./row.ts";
import { classificationRows, optimizedClassificationRows } from "./rows/classification.ts";
import { coldImport } from "./rows/cold-import.ts";
import { documentRows } from "./rows/documents.ts";
import { evaluateRows } from "./rows/evaluate-rows.ts";
import { frameRows } from "./rows/frames.ts";
import { growthRows } from "./rows/growth.ts";
import { mangledReplies } from "./rows/mangled-replies.ts";
import { evaluateMemory, mapMemory } from "./rows/peak-memory.ts";
import { cachedCall, httpCall, predictCall } from "./rows/predict-call.ts";
import { poolLatency } from "./rows/pool-latency.ts";
import { ragAnswer } from "./rows/rag-answer.ts";
import { servingRows } from "./rows/serving.ts";

const groups: Readonly<Record<string, readonly Row[]>> = {
  call: [predictCall],
  http: [httpCall],
  cached: [cachedCall],
  evaluate: evaluateRows,
  memory: [evaluateMemory, mapMemory],
  import: [coldImport],
  replies: mangledReplies,
  frames: frameRows,
  index: documentRows,
  rag: [ragAnswer],
  pool: [poolLatency],
  serving: servingRows,
  growth: growthRows,
  classification: classificationRows,
  optimized: optimizedClassificationRows,
};

const here = (name: string) => new URL(name, import.meta.url);
const options = process.argv.slice(2);
const named = options.filter((option) => !option.startsWith("--"));
const [quick, large] = ["--quick", "--large"].map((flag) => options.includes(flag)) as [boolean, boolean];

const [load = 0] = loadavg();
const conditions =
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores` +
  `${load > cpus().length ? `, on a busy machine (load ${load.toFixed(1)}): wall-clock figures are too high` : ""}` +
  `${quick ? ", quick" : ""}.`;
if (named[0] === "embedders") {
  const { compareEmbedders } = await import("./embedders.ts");
  await compareEmbedders(conditions);
  process.exit();
}

if (named[0] === "optimizers") {
  const { compareOptimizers } = await import("./optimizers.ts");
  await compareOptimizers(conditions);
  process.exit();
}

if (named[0] === "tweets") {
  const { compareOnTweets } = await import("./tweets.ts");
  await compareOnTweets(conditions, named.slice(1));
  process.exit();
}

if (named[0] === "flames") {
  const { drawFlameGraphs } = await import("./flame-graphs.ts");
  drawFlameGraphs();
  process.exit();
}

for (const name of named) {
  if (!(name in groups)) throw new Error(`invalid row: ${name}; expected ${Object.keys(groups).join(", ")}`);
}

for (const [group, rows] of Object.entries(groups)) {
  if (named.length > 0 && !named.includes(group)) continue;
  for (const row of rows) {
    if ((row.effort === "large" && !large) || (row.effort !== undefined && quick)) continue;
    if (row.needs !== undefined && !existsSync(row.needs)) {
      process.stderr.write(`bench: ${row.name}: passed over, as ${row.needs} is not there\n`);
      continue;
    }
    process.stderr.write(`bench: ${row.name}…\n`);
    await keep(row.name, await measured(row, quick, conditions));
  }
}
console.log(tableOf(stored()));

/** The results there are, in the order of the rows: what is not measured now stands as it was measured last. */
function stored(): Result[] {
  if (!existsSync(here("results.json"))) return [];
  const all = JSON.parse(readFileSync(here("results.json"), "utf8")) as Result[];
  const names = Object.values(groups).flatMap((rows) => rows.map(({ name }) => name));
  return names.flatMap((name) => all.filter((result) => result.name === name));
}

/** Puts the results of a row in the place of those before. At once, as other rows may be measured in another process. */
async function keep(name: string, found: readonly Result[]): Promise<void> {
  writeJson([...stored().filter((result) => result.name !== name), ...found]);
  const results = stored();
  writeJson(results);
  writeFileSync(here("charts.html"), chartsPage(results));
  const readme = readFileSync(here("README.md"), "utf8").replace(
    /(<!-- results -->\n)[^]*(\n<!-- \/results -->)/,
    (_, start: string, end: string) => `${start}\n${tableOf(results)}\n${end}`,
  );
  const style = await resolveConfig(fileURLToPath(here("README.md")));
  writeFileSync(here("README.md"), await format(readme, { ...style, parser: "markdown" }));
}

function writeJson(results: readonly Result[]): void {
  writeFileSync(here("results.json"), `${JSON.stringify(results, null, 2)}\n`);
}

function tableOf(results: readonly Result[]): string {
  return [
    "| | unit | lmframe | beside | its figure | ratio | aim | |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...results.map(({ name, unit, peer, peerName, ratio, aim, met, runs }, index) => {
      const again = results[index - 1]?.name === name;
      const cells = [
        ...(again ? ["", "", ""] : [name, unit, show(runs.ours)]),
        peerName,
        runs.peer ? show(runs.peer) : figure(peer),
        ratio === null ? "–" : figure(ratio),
        `≤ ${aim}`,
        met ? "met" : "missed",
      ];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    ...[...new Set(results.map(({ runs }) => runs.conditions))].map((measuredOn, _, all) => {
      const these = results.filter(({ runs }) => runs.conditions === measuredOn).map(({ name }) => name);
      return `${all.length > 1 ? `${[...new Set(these)].join("; ")}: ` : ""}${measuredOn}\n`;
    }),
  ]
    .join("\n")
    .trimEnd();
}

function show({ median, spread: [least, greatest], samples }: Summary): string {
  return samples === 1 ? figure(median) : `${figure(median)} (${figure(least)} – ${figure(greatest)})`;
}
