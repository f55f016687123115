import { Command, Option } from "commander";
import { ConfigurationError } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import { evaluate } from "../evaluate/index.ts";
import { connect } from "../lm/index.ts";
import { exactMatch, type FieldMetric, passageMatch, tokenF1 } from "../metrics/index.ts";
import type { Module } from "../modules/index.ts";
import { report } from "../reports/index.ts";
import { mlflow } from "../tracking/index.ts";
import { programAt } from "./load-program.ts";
import { say, sayJson, wholeNumber } from "./output.ts";

const metrics: Readonly<Record<string, (field: string) => FieldMetric>> = {
  exact: exactMatch,
  passage: passageMatch,
  f1: tokenF1,
};

interface EvaluateFlags {
  state?: string;
  metric: string;
  field?: string;
  baseline?: string;
  maxDrop: number;
  concurrency: number;
  report?: string;
  experiment: string;
  track: boolean;
  json?: boolean;
}

/** `lmframe evaluate PROGRAM DATA`: scores a program; the exit code guards a pipeline. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .summary("score a program on labelled rows; the exit code guards a pipeline")
    .description(
      "Exit code 0: scored, and not worse than the baseline allows. 1: worse, or it could not be scored on all rows.",
    )
    .argument("<program>", "saved program (.json) or a module that exports one (.ts, .js)")
    .argument("<data>", "file of labelled rows")
    .option("--state <file>", "saved state to load into the program")
    .addOption(new Option("--metric <name>", "how to score").choices(Object.keys(metrics)).default("exact"))
    .option(
      "--field <name>",
      "output to score, against the column of the same name; default: the first that is a column",
    )
    .option("--baseline <run>", "MLflow run id whose score to compare with")
    .option("--max-drop <score>", "how far below the baseline is still well", Number, 0)
    .option("--concurrency <rows>", "rows under way at once", wholeNumber(1), 16)
    .option("--report <path>", "write a report here")
    .option("--experiment <name>", "MLflow experiment", "lmframe")
    .option("--no-track", "log nothing to MLflow")
    .option("--json", "print one JSON object and nothing else")
    .addHelpText(
      "after",
      "\nExample, in a pipeline:\n  $ lmframe evaluate classifier.json test.csv --baseline 4f0c… --max-drop 0.02",
    )
    .action(run);
}

async function run(path: string, file: string, flags: EvaluateFlags): Promise<void> {
  const program = await programAt(path, flags.state);
  const data = await Dataset.read(file);
  const baseline = flags.baseline === undefined ? undefined : await baselineScore(flags.baseline);
  await connect();
  const field = flags.field ?? scoredField(program, data);
  const evaluation = await evaluate(program, data, metrics[flags.metric]!(field), {
    concurrency: flags.concurrency,
  });
  const run = flags.track ? await mlflow.log(evaluation, { experiment: flags.experiment }) : undefined;
  if (flags.report !== undefined) {
    await report({ after: evaluation, ...(run?.url !== undefined && { tracking: { url: run.url } }) }).save(flags.report);
  }
  const complete = evaluation.stopped === undefined && evaluation.outages === 0;
  const dropped = baseline !== undefined && evaluation.score < baseline - flags.maxDrop;
  if (flags.json) {
    const { score, macroF1, unreadable, errors } = evaluation;
    sayJson({
      score,
      macroF1,
      unreadable,
      errors,
      rows: evaluation.rows.length,
      baseline,
      passed: complete && !dropped,
      run: run?.url,
    });
  } else {
    const { mean, interval } = evaluation.estimate;
    say(
      `score     ${mean.toFixed(3)} (${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}) on ${evaluation.rows.length} rows`,
    );
    if (baseline !== undefined)
      say(
        `baseline  ${baseline.toFixed(3)}, ${flags.maxDrop} below it allowed: ${dropped ? "DROPPED" : "held"}`,
      );
    if (!complete) say(`not complete: ${evaluation.stopped ?? `${evaluation.outages} rows met an outage`}`);
    if (run) say(`MLflow    ${run.url}`);
  }
  if (!complete || dropped) process.exitCode = 1;
}

async function baselineScore(run: string): Promise<number> {
  const last = (await mlflow.readMetric(run, "score")).at(-1);
  if (last) return last.value;
  throw new ConfigurationError(`the baseline run ${run} has no metric "score"; name a run that \`lmframe evaluate\` logged`);
}

function scoredField(program: Module, data: Dataset): string {
  const outputs = program.signature.outputs.map(({ name }) => name);
  const field = outputs.find((name) => data.columns.includes(name));
  if (field !== undefined) return field;
  throw new ConfigurationError(
    `none of the program's outputs (${outputs.join(", ")}) is a column of the data (${data.columns.join(", ")}); name it by --field`,
  );
}
