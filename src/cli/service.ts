import { Command, Option } from "commander";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  CustomerService,
  type DecisionMeasures,
  type LabelMeasure,
  labelsRight,
  measureService,
  serviceReport,
  type ServiceRule,
} from "../applications/index.ts";
import { ConfigurationError } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import { connect } from "../lm/index.ts";
import type { Module } from "../modules/index.ts";
import { optimizerByName } from "../optimizers/index.ts";
import { mlflow } from "../tracking/index.ts";
import { interruptible } from "./interrupt.ts";
import { programAt } from "./load-program.ts";
import {
  concurrencyOption,
  experimentOption,
  jsonOption,
  noTrackOption,
  number,
  type RunFlags,
  timeoutOption,
  type TrackFlags,
  wholeNumber,
} from "./options.ts";
import { say, sayJson } from "./output.ts";

interface ServiceFlags extends RunFlags, TrackFlags {
  text: string;
  program?: string;
  limit?: number;
  seed: number;
  optimizer: string;
  budget: number;
  reviewBelow: number;
  report?: string;
  save?: string;
  json?: boolean;
}

type Service = Module & { readonly rules: readonly ServiceRule[] };

/** `lmframe service FILE`: what sorting customers' messages by a program is worth, against a prompt written by hand. */
export function serviceCommand(): Command {
  return new Command("service")
    .summary("measure, tune and report the customer service on labelled messages")
    .description(
      "Reads sentiment, urgency and category of each message and decides by rules where it goes. Rows are split (two " +
        "fifths to learn from, a fifth to choose by, the rest to test on), the service is tuned on the first two, and " +
        "measured on the last beside one prompt written by hand.",
    )
    .argument("<file>", "table with the columns sentiment, urgency and category, as a person gave them")
    .option("--text <column>", "column that holds the message", "text")
    .option(
      "--program <module>",
      "a service of your own: a module (.ts, .js) that exports one with its rules",
    )
    .option("--limit <rows>", "use this many rows, drawn by the seed", wholeNumber(10))
    .option("--seed <number>", "the same seed gives the same run", wholeNumber(0), 0)
    .addOption(
      new Option("--optimizer <name>", "how to tune; none: measured as it is, on all rows")
        .choices(["calibrate", "random-search", "best", "none"])
        .default("calibrate"),
    )
    .option("--budget <rollouts>", "runs on a row that the optimizer may make", wholeNumber(1), 1000)
    .option(
      "--review-below <confidence>",
      "a person looks at what is less sure",
      number("from 0 to 1", (confidence) => confidence >= 0 && confidence <= 1),
      0.7,
    )
    .addOption(concurrencyOption())
    .addOption(timeoutOption())
    .option("--report <path>", "write the report here")
    .option("--save <path>", "write what was tuned here, to load into the service")
    .addOption(experimentOption())
    .addOption(noTrackOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Estimates of time and money rest on assumptions, which the report shows beside them; \`measureService\` takes yours.
Exit code 0: done. 1: it could not be. 130: stopped by Ctrl-C.

Examples:
  $ lmframe service datasets/feedback.csv --limit 120 --report service.html
  $ lmframe service tickets.csv --text body --program desk.ts --optimizer none --json`,
    )
    .action(run);
}

async function run(file: string, flags: ServiceFlags): Promise<void> {
  const started = performance.now();
  const data = await Dataset.read(file);
  const renamed = flags.text === "inquiry" ? data : data.rename({ [flags.text]: "inquiry" });
  const rows = renamed.select("inquiry", "sentiment", "urgency", "category");
  const drawn = flags.limit === undefined ? rows : rows.sample(flags.limit, { seed: flags.seed });
  const service = flags.program === undefined ? new CustomerService() : await serviceAt(flags.program);
  for (const path of [flags.report, flags.save]) {
    if (path !== undefined) await mkdir(dirname(resolve(path)), { recursive: true });
  }
  const model = await connect({ timeout: flags.timeout });
  const pace = flags.concurrency === undefined ? {} : { concurrency: flags.concurrency };
  const { program, measures } = await interruptible("Nothing was kept.", async (signal) => {
    const { program, test } = await tuned(service, drawn, flags, { ...pace, signal });
    const reviewBelow = flags.reviewBelow;
    return { program, measures: await measureService(program, test, { ...pace, reviewBelow, signal }) };
  });
  if (flags.save !== undefined) await program.save(flags.save);
  const logged = flags.track
    ? await mlflow.log(measures.answers, { experiment: flags.experiment })
    : undefined;
  if (flags.report !== undefined) {
    const { text, seed, optimizer } = flags;
    const configuration = { file, model: model.name, text, seed, optimizer };
    await serviceReport({ measures, tracking: logged, configuration }).save(flags.report);
  }
  const { review, estimates, comparison } = measures;
  if (flags.json) {
    sayJson({
      rows: measures.decisions.messages,
      before: figures(measures.baselineLabels, measures.baselineDecisions),
      after: figures(measures.labels, measures.decisions),
      verdict: comparison.verdict,
      review: review ?? null,
      estimates,
      assumptions: measures.assumptions,
      seconds: (performance.now() - started) / 1000,
      report: flags.report === undefined ? null : resolve(flags.report),
      run: logged?.url ?? null,
    });
    return;
  }
  say(`before   ${sentence(measures.baselineLabels, measures.baselineDecisions)}`);
  say(`after    ${sentence(measures.labels, measures.decisions)}`);
  say(comparison.verdict);
  if (review)
    say(
      `review   ${percent(review.reviewed)} are below ${review.threshold}; of the others ${percent(review.routedRight)} go to the right team`,
    );
  if (flags.save !== undefined) say(`program  ${flags.save}`);
  if (logged) say(`MLflow   ${logged.url ?? "waits on disk; `lmframe sync` sends it"}`);
  if (flags.report !== undefined) say(`report   ${flags.report}`);
}

/** The service tuned, and the rows that it has not seen. */
async function tuned(
  service: Service,
  rows: Dataset,
  { optimizer, seed, budget }: ServiceFlags,
  settings: { concurrency?: number; signal: AbortSignal },
): Promise<{ program: Service; test: Dataset }> {
  const make = optimizerByName(optimizer);
  if (!make) return { program: service, test: rows };
  const { train, val, test } = rows.split({ train: 0.4, val: 0.2, test: 0.4, seed });
  const strategy = make({ metric: labelsRight, seed });
  const { program } = await strategy.compile(service, {
    train,
    val,
    budget: { rollouts: budget },
    ...settings,
  });
  return { program, test };
}

async function serviceAt(path: string): Promise<Service> {
  const program = await programAt(path);
  if ("rules" in program && Array.isArray(program.rules)) return program as Service;
  throw new ConfigurationError(
    `${path} exports a program without rules; expected a CustomerService, or one with its signature and \`rules\``,
  );
}

/** What is told of a service, or of the prompt. */
function figures(labels: readonly LabelMeasure[], decisions: DecisionMeasures) {
  return {
    ...decisions,
    labels: Object.fromEntries(labels.map(({ field, accuracy, macroF1 }) => [field, { accuracy, macroF1 }])),
  };
}

function sentence(labels: readonly LabelMeasure[], decisions: DecisionMeasures): string {
  const { messages, routedRight, escalatedRight, toEscalate, unread } = decisions;
  return [
    ...labels.map(({ field, accuracy }) => `${field} ${accuracy.toFixed(3)}`),
    `right team ${percent(routedRight / messages)} of ${messages}`,
    `escalated ${escalatedRight} of ${toEscalate} that should be`,
    ...(unread > 0 ? [`${unread} unread`] : []),
  ].join(", ");
}

const percent = (share: number): string => (Number.isNaN(share) ? "none" : `${(share * 100).toFixed(0)} %`);
