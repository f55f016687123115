import { Command, Option } from "commander";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { classify, type Classification } from "../applications/index.ts";
import type { RunRecord } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import type { Evaluation } from "../evaluate/index.ts";
import { connect } from "../lm/index.ts";
import { programToJSON } from "../modules/index.ts";
import { optimizerByName, optimizerNames } from "../optimizers/index.ts";
import { report } from "../reports/index.ts";
import { interruptible } from "./interrupt.ts";
import {
  concurrencyOption,
  experimentOption,
  jsonOption,
  noTrackOption,
  type RunFlags,
  timeoutOption,
  type TrackFlags,
  wholeNumber,
} from "./options.ts";
import { note, say, sayJson } from "./output.ts";
import { track } from "./track.ts";

interface ClassifyFlags extends RunFlags, TrackFlags {
  text: string;
  label: string;
  limit?: number;
  seed: number;
  optimizer: string;
  instructions?: string;
  budget: number;
  report?: string;
  save?: string;
  journal?: string;
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
    .option("--budget <rollouts>", "runs on a row that the optimizer may make", wholeNumber(1), 1000)
    .addOption(concurrencyOption())
    .addOption(timeoutOption())
    .option("--report <path>", "write the report here")
    .option("--save <path>", "write the optimised program here, for map, evaluate and DSPy")
    .option("--journal <path>", "write the search down here, and resume it from here")
    .addOption(experimentOption())
    .addOption(noTrackOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Rows without a text or a label are left out. Exit code 0: done. 1: it could not be. 130: stopped by Ctrl-C.

Examples:
  $ lmframe classify datasets/feedback.csv --text text --label sentiment --report report.html
  $ lmframe classify tickets.parquet --text body --label queue --limit 600 --seed 7 --json
  $ lmframe classify tickets.parquet --text body --label queue --journal search.jsonl --save classifier.json`,
    )
    .action(run);
}

async function run(file: string, flags: ClassifyFlags): Promise<void> {
  const started = performance.now();
  const data = await Dataset.read(file);
  // Before anything is paid for: what comes of it must have a place to go.
  for (const path of [flags.report, flags.save, flags.journal]) {
    if (path !== undefined) await mkdir(dirname(resolve(path)), { recursive: true });
  }
  const model = await connect({ timeout: flags.timeout });
  const remains =
    flags.journal === undefined
      ? "Nothing was kept: --journal FILE keeps a search, and resumes it."
      : `The search is kept in ${flags.journal}: the same command goes on from there.`;
  const outcome = await interruptible(remains, (signal) =>
    classify(data, {
      ...flags,
      optimizer: flags.optimizer === "none" ? undefined : optimizerByName(flags.optimizer),
      compile: { journal: flags.journal, budget: { rollouts: flags.budget } },
      signal,
    }),
  );
  const { program, before, after, comparison, optimization, rows, dropped } = outcome;
  if (dropped > 0) note(`${dropped} of ${data.length} rows have no text or no label and were left out`);
  if (after.stopped !== undefined) note(`scoring the optimised program stopped: ${after.stopped}`);
  if (flags.save !== undefined) await program.save(flags.save);
  const { text, label, seed, optimizer } = flags;
  const settings = { model: model.name, text, label, seed, optimizer };
  const logged = flags.track ? await track(recordOf(outcome, settings), flags.experiment) : undefined;
  if (flags.report !== undefined) {
    await report({
      title: `${label} of ${text}`,
      before,
      after,
      search: optimization,
      tracking: logged && { url: logged.url },
      configuration: { file, ...settings, ...rows },
    }).save(flags.report);
  }
  if (flags.json) {
    sayJson({
      rows,
      before: figures(before),
      after: { ...figures(after), ...(after === before && { kept: true }) },
      comparison: {
        accuracy: comparison.score,
        macroF1: comparison.macroF1,
        verdict: comparison.verdict,
      },
      calls: before.used.calls + (after === before ? 0 : after.used.calls) + searchCalls(optimization),
      seconds: (performance.now() - started) / 1000,
      report: flags.report === undefined ? null : resolve(flags.report),
      run: logged?.url ?? null,
    });
  } else {
    say(`rows     ${rows.train} to learn from, ${rows.val} to choose by, ${rows.test} to test on`);
    say(`before   ${sentence(before)}`);
    say(`after    ${after === before ? `the program as it was: ${reason(outcome)}` : sentence(after)}`);
    if (after !== before) say(comparison.verdict);
    if (flags.save !== undefined) say(`program  ${flags.save}`);
    if (logged) say(`MLflow   ${logged.url ?? "waits on disk; `lmframe sync` sends it"}`);
    if (flags.report !== undefined) say(`report   ${flags.report}`);
  }
  if (after.stopped !== undefined) process.exitCode = 1;
}

/** The whole as one run with the evaluations and the search inside it. */
function recordOf(
  { program, before, after, optimization, comparison }: Classification,
  settings: Readonly<Record<string, string | number>>,
): RunRecord {
  const record = after.toRun();
  const parts = [before, ...(optimization ? [optimization] : []), ...(after === before ? [] : [after])];
  return {
    ...record,
    name: "classification",
    tags: { "lmframe.kind": "classification" },
    params: { ...record.params, ...settings },
    metrics: {
      ...record.metrics,
      score_before: before.score,
      score_difference: comparison.score.difference,
    },
    files: { ...record.files, "program.json": JSON.stringify(programToJSON(program), null, 2) },
    startedAt: before.startedAt,
    children: parts.map((part) => part.toRun()),
  };
}

function reason({ optimization }: Classification): string {
  if (!optimization) return "no optimizer was run";
  const early = optimization.stopped === undefined ? "" : ` (stopped early: ${optimization.stopped})`;
  return `of ${optimization.ranking.length} candidates none scored higher${early}`;
}

function searchCalls(optimization: Classification["optimization"]): number {
  return Object.values(optimization?.used ?? {}).reduce((sum, { calls }) => sum + calls, 0);
}

function figures(evaluation: Evaluation) {
  return {
    accuracy: evaluation.score,
    macroF1: evaluation.macroF1 ?? null,
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
