import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { Command, Option } from "commander";
import { ConfigurationError, errorText } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import { connect, type LanguageModel, lm } from "../lm/index.ts";
import type { Module } from "../modules/index.ts";
import { optimizerByName, optimizerNames } from "../optimizers/index.ts";
import { type Logged, mlflow } from "../tracking/index.ts";
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
  repeatable,
  stateOption,
  timeoutOption,
  type RunFlags,
  type TrackFlags,
  wholeNumber,
} from "./options.ts";
import { note, say, sayJson } from "./output.ts";
import { track } from "./track.ts";

interface OptimizeFlags extends RunFlags, TrackFlags, MetricFlags {
  state?: string;
  val?: string;
  test: number;
  optimizer: string;
  budget: number;
  seed: number;
  promptModel?: string;
  reflectionModel?: string;
  teacher?: string;
  freeze?: string[];
  save?: string;
  journal?: string;
  resume?: boolean;
  json?: boolean;
}

/** `lmframe optimize PROGRAM DATA`: searches better instructions and examples, and saves the program with them. */
export function optimizeCommand(): Command {
  return new Command("optimize")
    .summary("search better instructions and examples for a program")
    .description(
      "Holds some of the rows out, learns from one half of the others and chooses by the other half, or by the rows of " +
        "--val, and scores the program before and after on those held out. Every answer of the search is written to a " +
        "journal, from which --resume goes on.",
    )
    .argument(...programArgument)
    .argument("<data>", "file of labelled rows to learn from")
    .addOption(stateOption())
    .option("--val <file>", "rows to choose by; default: half of the others, drawn by the seed")
    .option(
      "--test <share>",
      "share of the rows to hold out, drawn by the seed, for the final figure; 0: none",
      number("from 0 to below 1", (share) => share >= 0 && share < 1),
      0.3,
    )
    .addOption(metricOption())
    .addOption(fieldOption())
    .addOption(
      new Option("--optimizer <name>", "how to optimise").choices([...optimizerNames]).default("best"),
    )
    .option("--budget <rollouts>", "runs on a row that the optimizer may make", wholeNumber(1), 1000)
    .option("--seed <number>", "the same seed gives the same run", wholeNumber(0), 0)
    .option("--prompt-model <name>", "model that writes instructions; default: the program's")
    .option("--reflection-model <name>", "model that reads what went wrong; default: that of --prompt-model")
    .option("--teacher <name>", "model whose runs serve as examples; default: the program's")
    .option("--freeze <path>", "predictor that stays as it is; repeat it for several", repeatable)
    .option("--save <path>", "write the optimised program here; default: PROGRAM.optimized.json")
    .option("--journal <path>", "write the search down here; default: PROGRAM.OPTIMIZER.jsonl")
    .option("--resume", "go on from the journal, where there is one")
    .addOption(concurrencyOption())
    .addOption(timeoutOption())
    .addOption(experimentOption())
    .addOption(noTrackOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
The program is chosen by the figures before and after; what it is worth is told by those on the rows held out, which
--budget does not count. Where it is tracked, the program is logged as a model of the run.
Exit code 0: done. 1: it could not be. 130: stopped by Ctrl-C.

Examples:
  $ lmframe optimize classifier.json train.csv --val val.csv --optimizer best --budget 1000
  $ lmframe optimize chatbot.ts questions.jsonl --metric f1 --optimizer gepa --reflection-model gpt-4.1 --resume`,
    )
    .action(run);
}

async function run(path: string, file: string, flags: OptimizeFlags): Promise<void> {
  const started = performance.now();
  const stem = basename(path, extname(path));
  const save = flags.save ?? `${stem}.optimized.json`;
  const journal = flags.journal ?? `${stem}.${flags.optimizer}.jsonl`;
  if (existsSync(journal) && flags.resume !== true) {
    throw new ConfigurationError(
      `${journal} holds a search; add --resume to go on from it, name another --journal, or remove it`,
    );
  }
  const program = await programAt(path, flags.state);
  const data = await Dataset.read(file);
  const val = flags.val === undefined ? undefined : await Dataset.read(flags.val);
  const metric = metricOf(program, data, flags);
  const isLabel = program.signature.outputs.some(
    ({ name, type }) => name === metric.field && type.kind === "literal",
  );
  const { train, test } = data.split({
    train: 1 - flags.test,
    test: flags.test,
    seed: flags.seed,
    stratify: isLabel ? metric.field : undefined,
  });
  // Before anything is paid for: what comes of it must have a place to go.
  for (const place of [save, journal]) await mkdir(dirname(resolve(place)), { recursive: true });
  await connect({ timeout: flags.timeout });
  const helper = (name: string | undefined): LanguageModel | undefined =>
    name === undefined ? undefined : lm(name, { timeout: flags.timeout });
  const optimizer = optimizerByName(flags.optimizer)!({
    metric,
    seed: flags.seed,
    promptModel: helper(flags.promptModel),
    reflectionModel: helper(flags.reflectionModel),
    teacher: helper(flags.teacher),
  });
  const found = await interruptible(
    `The search is kept in ${journal}: the same command with --resume goes on from there.`,
    (signal) =>
      optimizer.compile(program, {
        train,
        val,
        budget: { rollouts: flags.budget },
        journal,
        frozen: flags.freeze,
        signal,
        ...(test.length > 0 && { test }),
        ...(flags.concurrency !== undefined && { concurrency: flags.concurrency }),
      }),
  );
  const { tested } = found;
  await found.program.save(save);
  if (tested?.after.stopped !== undefined) {
    note(`scoring the optimised program stopped: ${tested.after.stopped}`);
    process.exitCode = 1;
  }
  if (!tested && !found.kept) {
    note(
      "no row was held out, so nothing tells whether the gain holds: score the program on others with `lmframe evaluate`",
    );
  }
  const logged = flags.track ? await track(found.toRun(), flags.experiment) : undefined;
  const model = logged && (await logModel(found.program, path, logged));
  const run = logged && (logged.url ?? "waits on disk; `lmframe sync` sends it");
  const calls = Object.values(found.used).reduce((sum, used) => sum + used.calls, 0);
  if (flags.json) {
    sayJson({
      optimizer: flags.optimizer,
      before: found.before,
      after: found.after,
      kept: found.kept,
      candidates: found.candidates.length,
      used: found.used,
      calls,
      stopped: found.stopped ?? null,
      test: tested
        ? {
            rows: tested.comparison.rows,
            score: tested.comparison.score,
            macroF1: tested.comparison.macroF1 ?? null,
            verdict: tested.comparison.verdict,
          }
        : null,
      seconds: (performance.now() - started) / 1000,
      program: resolve(save),
      journal: resolve(journal),
      run: run ?? null,
      model: model ?? null,
    });
    return;
  }
  say(`before   ${found.before.toFixed(3)} on the rows to choose by`);
  say(
    found.kept
      ? `after    the program as it was: of ${found.ranking.length} candidates none scored higher`
      : `after    ${found.after.toFixed(3)}`,
  );
  say(`test     ${tested?.comparison.verdict ?? "no row was held out"}`);
  say(`paid     ${found.used.task.rollouts} rollouts, ${calls} calls`);
  if (found.stopped !== undefined) say(`stopped  ${found.stopped}`);
  say(`program  ${save}`);
  say(`journal  ${journal}`);
  if (run !== undefined) say(`MLflow   ${run}`);
  if (model !== undefined) say(`model    ${model}`);
}

/** Logs the program as a model of the run; undefined, with a note, where it cannot be one. */
async function logModel(program: Module, path: string, run: Logged): Promise<string | undefined> {
  try {
    if (run.spooled) throw new ConfigurationError("the run waits on disk, and a model does not");
    const module = path.endsWith(".json") ? undefined : path;
    return (await mlflow.logModel(program, { module, run })).uri;
  } catch (error) {
    note(`the program is not logged as a model: ${errorText(error)}`); // it is saved, whatever this was
    return undefined;
  }
}
