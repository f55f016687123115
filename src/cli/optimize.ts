import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { Command, Option } from "commander";
import { ConfigurationError, TrackingError } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import { connect, type LanguageModel, lm } from "../lm/index.ts";
import { type Optimization, optimizerByName, optimizerNames } from "../optimizers/index.ts";
import { mlflow } from "../tracking/index.ts";
import { interruptible } from "./interrupt.ts";
import { programAt } from "./load-program.ts";
import { fieldOption, type MetricFlags, metricOf, metricOption } from "./metric.ts";
import {
  concurrencyOption,
  experimentOption,
  jsonOption,
  noTrackOption,
  programArgument,
  repeatable,
  stateOption,
  timeoutOption,
  type RunFlags,
  type TrackFlags,
  wholeNumber,
} from "./options.ts";
import { note, say, sayJson } from "./output.ts";

interface OptimizeFlags extends RunFlags, TrackFlags, MetricFlags {
  state?: string;
  val?: string;
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
      "Learns from one half of the rows and chooses by the other, or by the rows of --val. Every answer is written " +
        "to a journal, from which --resume goes on.",
    )
    .argument(...programArgument)
    .argument("<data>", "file of labelled rows to learn from")
    .addOption(stateOption())
    .option("--val <file>", "rows to choose by; default: half of the others, drawn by the seed")
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
The figures are of rows that the program was chosen by: score the saved program on others with \`lmframe evaluate\`.
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
  const train = await Dataset.read(file);
  const val = flags.val === undefined ? undefined : await Dataset.read(flags.val);
  const metric = metricOf(program, train, flags);
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
    (signal) => {
      const pace = flags.concurrency === undefined ? {} : { concurrency: flags.concurrency };
      const budget = { rollouts: flags.budget };
      const { freeze: frozen } = flags;
      return optimizer.compile(program, { train, val, budget, journal, frozen, signal, ...pace });
    },
  );
  await found.program.save(save);
  const run = flags.track ? await track(found, flags.experiment) : undefined;
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
      seconds: (performance.now() - started) / 1000,
      program: resolve(save),
      journal: resolve(journal),
      run: run ?? null,
    });
    return;
  }
  say(`before   ${found.before.toFixed(3)} on the rows to choose by`);
  say(
    found.kept
      ? `after    the program as it was: of ${found.ranking.length} candidates none scored higher`
      : `after    ${found.after.toFixed(3)}`,
  );
  say(`paid     ${found.used.task.rollouts} rollouts, ${calls} calls`);
  if (found.stopped !== undefined) say(`stopped  ${found.stopped}`);
  say(`program  ${save}`);
  say(`journal  ${journal}`);
  if (run !== undefined) say(`MLflow   ${run}`);
}

/** Where the search was logged; undefined where MLflow refused it. */
async function track(found: Optimization, experiment: string): Promise<string | undefined> {
  try {
    const { url } = await mlflow.log(found, { experiment });
    return url ?? "waits on disk; `lmframe sync` sends it";
  } catch (error) {
    if (!(error instanceof TrackingError)) throw error;
    note(error.message); // what was found is worth more than where it is kept
    return undefined;
  }
}
