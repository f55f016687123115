import { Command } from "commander";
import { ConfigurationError } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import { evaluate } from "../evaluate/index.ts";
import { connect } from "../lm/index.ts";
import type { FieldMetric } from "../metrics/index.ts";
import { report } from "../reports/index.ts";
import { mlflow } from "../tracking/index.ts";
import { interruptible } from "./interrupt.ts";
import { programAt } from "./load-program.ts";
import { fieldOption, type MetricFlags, metricOf, metricOption } from "./metric.ts";
import {
  concurrencyOption,
  experimentOption,
  jsonOption,
  noTrackOption,
  number,
  programArgument,
  type RunFlags,
  stateOption,
  timeoutOption,
  type TrackFlags,
} from "./options.ts";
import { say, sayJson } from "./output.ts";

interface EvaluateFlags extends RunFlags, TrackFlags, MetricFlags {
  state?: string;
  baseline?: string;
  maxDrop: number;
  report?: string;
  prompts?: string;
  json?: boolean;
}

/** `lmframe evaluate PROGRAM DATA`: scores a program; the exit code guards a pipeline. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .summary("score a program on labelled rows; the exit code guards a pipeline")
    .description(
      "Exit code 0: every row was scored, and the score is not further below the baseline than is allowed. 1: else.",
    )
    .argument(...programArgument)
    .argument("<data>", "file of labelled rows")
    .addOption(stateOption())
    .addOption(metricOption())
    .addOption(fieldOption())
    .option("--baseline <run>", "MLflow run, by id or address, whose score to compare with")
    .option(
      "--max-drop <score>",
      "how far below the baseline is still well",
      number("from 0 to 1", (drop) => drop >= 0 && drop <= 1),
      0,
    )
    .addOption(concurrencyOption())
    .addOption(timeoutOption())
    .option("--report <path>", "write a report here")
    .option("--prompts <name>", "register the program's prompts under this name, as evaluated by this run")
    .addOption(experimentOption())
    .addOption(noTrackOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
A baseline is a run that \`lmframe evaluate\` or \`lmframe classify\` logged. Example, in a pipeline:
  $ lmframe evaluate classifier.json test.csv --baseline 4f0c… --max-drop 0.02`,
    )
    .action(run);
}

async function run(path: string, file: string, flags: EvaluateFlags): Promise<void> {
  const program = await programAt(path, flags.state);
  const data = await Dataset.read(file);
  const metric = metricOf(program, data, flags);
  const baseline =
    flags.baseline === undefined ? undefined : await baselineScore(flags.baseline, metric.label!);
  const lm = await connect({ timeout: flags.timeout });
  const evaluation = await interruptible("Nothing was kept.", async (signal) => {
    const pace = flags.concurrency === undefined ? {} : { concurrency: flags.concurrency };
    const result = await evaluate(program, data, metric as FieldMetric<never>, { ...pace, lm, signal });
    signal.throwIfAborted();
    return result;
  });
  const logged = flags.track
    ? await mlflow.log(evaluation, { experiment: flags.experiment, prompts: flags.prompts })
    : undefined;
  if (flags.report !== undefined) {
    await report({ after: evaluation, tracking: logged && { url: logged.url } }).save(flags.report);
  }
  const { score, macroF1 = null, unreadable, errors, outages, stopped } = evaluation;
  const rows = evaluation.rows.length;
  const complete = stopped === undefined && outages === 0 && rows > 0;
  // Decimal fractions are not exact: 0.9 − 0.02 must allow 0.88.
  const held = baseline === undefined || score >= baseline - flags.maxDrop - 1e-9;
  if (flags.json) {
    sayJson({
      score,
      macroF1,
      unreadable,
      errors,
      rows,
      baseline: baseline ?? null,
      passed: complete && held,
      run: logged?.url ?? null,
    });
  } else {
    const { mean, interval } = evaluation.estimate;
    say(
      `score     ${mean.toFixed(3)} (${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}) on ${rows} rows`,
    );
    if (unreadable + errors > 0) say(`of them   ${unreadable} unreadable, ${errors} errors`);
    if (baseline !== undefined)
      say(
        `baseline  ${baseline.toFixed(3)}, ${flags.maxDrop} below it allowed: ${held ? "held" : "DROPPED"}`,
      );
    if (!complete) say(`failed    ${incomplete(stopped, outages)}`);
    if (logged) say(`MLflow    ${logged.url ?? "waits on disk; `lmframe sync` sends it"}`);
    if (flags.report !== undefined) say(`report    ${flags.report}`);
  }
  if (!complete || !held) process.exitCode = 1;
}

function incomplete(stopped: string | undefined, outages: number): string {
  if (stopped !== undefined) return `stopped by ${stopped}`;
  return outages > 0 ? `${outages} rows met an outage` : "the data holds no row";
}

/** The score that was logged for a run; its page's address ends in its id. */
async function baselineScore(run: string, metric: string): Promise<number> {
  const id = /\/runs\/(\w+)/.exec(run)?.[1] ?? run;
  const { metrics, params } = await mlflow.get(id);
  if (metrics.score === undefined) {
    throw new ConfigurationError(
      `the baseline run ${id} has no metric "score"; name a run that \`lmframe evaluate\` or \`lmframe classify\` logged`,
    );
  }
  if (params.metric !== undefined && params.metric !== metric) {
    throw new ConfigurationError(
      `the baseline run ${id} was scored by "${params.metric}", this one is to be by "${metric}"; scores of the two cannot be compared`,
    );
  }
  return metrics.score;
}
