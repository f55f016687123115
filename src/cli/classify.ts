import { Command, Option } from "commander";
import { resolve } from "node:path";
import { classify, type Classification } from "../applications/index.ts";
import { Dataset } from "../data/index.ts";
import type { Evaluation } from "../evaluate/index.ts";
import { connect } from "../lm/index.ts";
import { optimizerNames, optimizerByName } from "../optimizers/index.ts";
import { report } from "../reports/index.ts";
import { mlflow } from "../tracking/index.ts";
import { say, sayJson, wholeNumber } from "./output.ts";

interface ClassifyFlags {
  text: string;
  label: string;
  limit?: number;
  seed: number;
  optimizer: string;
  instructions?: string;
  concurrency: number;
  report?: string;
  save?: string;
  journal?: string;
  experiment: string;
  track: boolean;
  json?: boolean;
}

/** `lmframe classify FILE`: from a labelled table to an optimised, tracked and reported classifier. */
export function classifyCommand(): Command {
  return new Command("classify")
    .summary("make an optimised, reported classifier of a labelled table")
    .description(
      "Infers the labels, splits the rows (half to learn from, a fifth to choose by, the rest to test on), scores " +
        "the classifier on the test rows, optimises it on the others, scores it again, logs to MLflow, and reports.",
    )
    .argument("<file>", "CSV, TSV, JSON, JSON Lines, Parquet or Arrow file")
    .requiredOption("--text <column>", "column that holds the text")
    .requiredOption("--label <column>", "column that holds the label")
    .option("--limit <rows>", "use this many rows, drawn by the seed", wholeNumber(10))
    .option("--seed <number>", "the same seed gives the same run", wholeNumber(0), 0)
    .addOption(
      new Option("--optimizer <name>", "how to optimise")
        .choices([...optimizerNames, "none"])
        .default("random-search"),
    )
    .option("--instructions <text>", "what the classifier is told")
    .option("--concurrency <rows>", "rows under way at once", wholeNumber(1), 16)
    .option("--report <path>", "write the report here")
    .option("--save <path>", "write the optimised program here, for map, evaluate and DSPy")
    .option("--journal <path>", "write the search down here, and resume it from here")
    .option("--experiment <name>", "MLflow experiment", "lmframe")
    .option("--no-track", "log nothing to MLflow")
    .option("--json", "print one JSON object and nothing else")
    .addHelpText(
      "after",
      `
Examples:
  $ lmframe classify datasets/feedback.csv --text text --label sentiment --report report.html
  $ lmframe classify tickets.parquet --text body --label queue --limit 600 --seed 7 --json`,
    )
    .action(run);
}

async function run(file: string, flags: ClassifyFlags): Promise<void> {
  const started = performance.now();
  const data = await Dataset.read(file);
  await connect();
  const outcome = await classify(data, {
    ...flags,
    optimizer: flags.optimizer === "none" ? undefined : optimizerByName(flags.optimizer),
    compile: { journal: flags.journal },
  });
  const { program, before, after, comparison, optimization } = outcome;
  if (flags.save !== undefined) await program.save(flags.save);
  const run = flags.track ? await track(outcome, flags.experiment) : undefined;
  if (flags.report !== undefined) {
    await report({
      title: `${flags.label} of ${flags.text}`,
      before,
      after,
      ...(optimization && { search: optimization }),
      ...(run?.url !== undefined && { tracking: { url: run.url } }),
      configuration: { file, seed: flags.seed, optimizer: flags.optimizer, ...outcome.rows },
    }).save(flags.report);
  }
  const seconds = (performance.now() - started) / 1000;
  if (flags.json) {
    sayJson({
      rows: outcome.rows,
      before: figures(before),
      after: { ...figures(after), ...(after === before && { kept: true }) },
      comparison: {
        accuracy: comparison.score,
        macroF1: comparison.macroF1,
        verdict: comparison.verdict,
      },
      calls: before.used.calls + (after === before ? 0 : after.used.calls) + searchCalls(outcome),
      seconds,
      report: flags.report === undefined ? null : resolve(flags.report),
      run: run?.url ?? null,
    });
    return;
  }
  say(
    `rows     ${outcome.rows.train} to learn from, ${outcome.rows.val} to choose by, ${outcome.rows.test} to test on`,
  );
  say(`before   ${sentence(before)}`);
  say(`after    ${after === before ? "kept as it was: nothing scored higher" : sentence(after)}`);
  say(comparison.verdict);
  if (run)
    say(
      `MLflow   ${run.url}${run.spooled ? " (server away: waiting on disk, send it by `lmframe sync`)" : ""}`,
    );
  if (flags.report !== undefined) say(`report   ${flags.report}`);
}

/** Logs the whole as one run with the evaluations and the search inside it. */
function track({ before, after, optimization, comparison }: Classification, experiment: string) {
  const record = after.toRun();
  return mlflow.log(
    {
      ...record,
      name: "classification",
      metrics: {
        ...record.metrics,
        score_before: before.score,
        score_difference: comparison.score.difference,
      },
      children: [before, ...(optimization ? [optimization] : []), ...(after === before ? [] : [after])].map(
        (part) => part.toRun(),
      ),
    },
    { experiment },
  );
}

function searchCalls({ optimization }: Classification): number {
  return Object.values(optimization?.used ?? {}).reduce((sum, { calls }) => sum + calls, 0);
}

function figures(evaluation: Evaluation) {
  return {
    accuracy: evaluation.score,
    macroF1: evaluation.macroF1,
    unreadable: evaluation.unreadable,
    errors: evaluation.errors,
  };
}

function sentence(evaluation: Evaluation): string {
  const { mean, interval } = evaluation.estimate;
  return (
    `accuracy ${mean.toFixed(3)} (${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}), ` +
    `macro F1 ${evaluation.macroF1?.toFixed(3)}, ${evaluation.unreadable} unreadable, ${evaluation.errors} errors`
  );
}
