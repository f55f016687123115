import { Command, Option } from "commander";
import { ReportWriter, type ReportWriterOptions } from "../applications/index.ts";
import { ConfigurationError } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import { connect } from "../lm/index.ts";
import { jsonOption, repeatable, timeoutOption } from "./options.ts";
import { note, oneLine, say, sayJson } from "./output.ts";

interface ReportFlags {
  out?: string;
  unit?: string[];
  model: "auto" | "none";
  timeout: number;
  json?: boolean;
}

/** `lmframe report TABLE QUESTION`: an answer whose numbers are all computed, with its charts as a page. */
export function reportCommand(): Command {
  return new Command("report")
    .summary("answer a question over a table, every number computed")
    .description(
      "Chooses what to compute, checks it against the table's columns, computes it, and tells it in sentences that " +
        "refer to computed cells. A model at an endpoint of yours chooses and writes; without one the question's words " +
        "decide and sentences are filled in.",
    )
    .argument("<table>", "CSV, TSV, JSON, JSON Lines, Parquet or Arrow file")
    .argument("<question>", "in plain words")
    .option("--out <file>", "write a page with charts and tables here (.html)")
    .option("--unit <column=unit>", "unit of a column of numbers; repeat it for several", repeatable)
    .addOption(
      new Option("--model <use>", "auto: at an endpoint of yours, where one is set; none: never")
        .choices(["auto", "none"])
        .default("auto"),
    )
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
The model is told names of columns, values that recur in them, and what was computed; never a row. Exit code 0: done.
1: it could not be.

Examples:
  $ lmframe report datasets/feedback.csv "Which channel has the most negative messages?" --out report.html
  $ lmframe report orders.parquet "What is the mean price by month?" --unit price=EUR --json`,
    )
    .action(run);
}

async function run(file: string, query: string, { out, unit = [], model, timeout, json }: ReportFlags) {
  const started = performance.now();
  const data = await Dataset.read(file);
  const own = model === "auto" && Boolean(process.env.OPENAI_BASE_URL ?? process.env.OPENAI_API_KEY);
  const options: ReportWriterOptions = own ? {} : { plans: "plain", narrative: "plain" };
  const writer = new ReportWriter(data, { ...options, units: Object.fromEntries(unit.map(readUnit)) });
  if (own) await connect({ timeout });
  const { plan, charts, narrative, report } = await writer.call({ query });
  const path = out === undefined ? null : await report.save(out);
  const seconds = (performance.now() - started) / 1000;
  const { planned } = report.parts;
  if (json) {
    const dropped = report.dropped.length;
    sayJson({
      narrative,
      plan,
      charts,
      planned: planned.by,
      numbers: report.numbers,
      dropped,
      report: path,
      seconds,
    });
    return;
  }
  if (planned.reason !== undefined) note(planned.reason);
  if (report.dropped.length > 0)
    note(`sentences of the model that were not right and were left out: ${report.dropped.length}`);
  for (const sentence of narrative) say(oneLine(sentence));
  if (path !== null) say(`report   ${path}`);
}

function readUnit(text: string): [string, string] {
  const at = text.lastIndexOf("=");
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new ConfigurationError(`invalid --unit "${text}"; expected COLUMN=UNIT, such as price=EUR`);
}
