import { basename, extname } from "node:path";
import { Command, Option } from "commander";
import { MaintenanceChatbot } from "../applications/index.ts";
import { ConfigurationError } from "../core/index.ts";
import { connect } from "../lm/index.ts";
import type { Module } from "../modules/index.ts";
import { optimizerByName, optimizerNames } from "../optimizers/index.ts";
import { Index } from "../retrieval/index.ts";
import {
  answerMetric,
  drifted,
  PerformanceMonitor,
  SelfImprovingPipeline,
  serve,
  successBelow,
  TokenStore,
  webhook,
  logAlert,
} from "../serving/index.ts";
import { startTracing } from "../tracking/index.ts";
import { programAt } from "./load-program.ts";
import {
  experimentOption,
  number,
  principalOf,
  repeatable,
  stateOption,
  timeoutOption,
  wholeNumber,
} from "./options.ts";
import { note, say } from "./output.ts";

interface ServeFlags {
  state?: string;
  port: number;
  host: string;
  index?: string;
  as: string[];
  tokens?: boolean;
  concurrency: number;
  queue: number;
  rate?: number;
  stopSeconds?: number;
  webhook?: string;
  stream: boolean;
  improve?: boolean;
  improveBy: string;
  register?: string;
  track?: boolean;
  traceShare: number;
  experiment: string;
  timeout: number;
}

/** Tokens of an earlier conversation that a model is shown; older turns are left out. */
const historyTokens = 1000;

/** `lmframe serve PROGRAM`: a program over HTTP. */
export function serveCommand(): Command {
  return new Command("serve")
    .summary("serve a program over HTTP, with a page to try it")
    .description(
      "Serves a program: MLflow's /invocations, OpenAI's /v1/chat/completions, /stream, /documents, /feedback, " +
        "/metrics and /monitor; /docs describes them. `chatbot` is the maintenance chatbot over --index.",
    )
    .argument("<program>", "saved program (.json), a module that exports one (.ts, .js), or `chatbot`")
    .addOption(stateOption())
    .option("--port <port>", "0 for any that is free", wholeNumber(0), 8080)
    .option("--host <address>", "other than this machine's own: only with --tokens", "127.0.0.1")
    .option("--index <name>", "index for uploads, and for the chatbot to answer from")
    .option(
      "--as <group>",
      "without --tokens: group that all callers are of; repeat it for several",
      repeatable,
      [],
    )
    .option("--tokens", "answer only callers with a token (see `lmframe tokens add`)")
    .option("--concurrency <requests>", "requests at work at once", wholeNumber(1), 64)
    .option("--queue <requests>", "requests that may wait; those beyond get 503", wholeNumber(0), 1000)
    .option(
      "--rate <requests>",
      "requests a minute of each caller; default: 600 with --tokens",
      wholeNumber(1),
    )
    .option(
      "--stop-seconds <seconds>",
      "seconds that requests it took are given once it stops; default: what they may wait and take",
      wholeNumber(0),
    )
    .option("--webhook <address>", "where alerts are posted, beside the log")
    .option("--no-stream", "send answers when the program has ended, not as they come")
    .option("--improve", "learn from /feedback in the background; a better version answers without a restart")
    .addOption(
      new Option("--improve-by <name>", "how a better version is looked for")
        .choices([...optimizerNames])
        .default("random-search"),
    )
    .option("--register <name>", "with --improve: keep the versions in MLflow's registry, under this name")
    .option("--track", "keep the figures of /monitor over time in MLflow, and each call as a trace")
    .addOption(
      new Option(
        "--trace-share <share>",
        "with --track: share of calls that are traced, 0 to 1; inputs and outputs go along",
      )
        .argParser(number("from 0 to 1", (share) => share >= 0 && share <= 1))
        .default(1),
    )
    .addOption(experimentOption())
    .addOption(timeoutOption())
    .addHelpText(
      "after",
      `
Ctrl-C or SIGTERM: nothing new is taken; what was taken, waiting requests too, is finished within --stop-seconds.
--improve looks for a better version once 100 new ratings are there, and takes it where it is better by more than
chance; /monitor shows the versions, and an operator's POST /improvement/rollback goes back.

Examples:
  $ lmframe serve classifier.json --port 8080
  $ lmframe serve classifier.json --improve --register classifier
  $ lmframe serve chatbot --index logbook --as mechanics
  $ lmframe serve chatbot --index logbook --tokens --host 0.0.0.0`,
    )
    .action(run);
}

async function run(path: string, flags: ServeFlags): Promise<void> {
  const { port, host, concurrency, queue, rate, stopSeconds, stream, timeout, as } = flags;
  const index = flags.index === undefined ? undefined : await Index.open(flags.index);
  const program = path === "chatbot" ? chatbotOver(index) : await programAt(path, flags.state);
  if (!knowsModels(program)) await connect({ timeout });
  const monitor = new PerformanceMonitor({
    alerts: [successBelow(0.9), drifted()],
    tell: flags.webhook === undefined ? [logAlert] : [logAlert, webhook(flags.webhook)],
  });
  const tokens = flags.tokens ? new TokenStore() : undefined;
  const served = flags.improve === true ? await improving(path, program, flags, tokens) : program;
  const traced = flags.track === true && flags.traceShare > 0;
  const tracing = traced
    ? startTracing({ experiment: flags.experiment, sample: flags.traceShare })
    : undefined;
  const server = await serve(served, {
    port,
    host,
    index,
    monitor,
    stream,
    ...(flags.track === true && { history: { experiment: flags.experiment } }),
    settings: { historyTokens },
    limits: { concurrency, queue, seconds: timeout, requestsPerMinute: rate, stopSeconds },
    ...(tokens ? { tokens } : as.length > 0 && { principal: principalOf(as) }),
  });
  say(`serving ${path} at ${server.url}`);
  await asked("SIGTERM", "SIGINT");
  note("stopping: what is under way is finished first");
  await server.close();
  await tracing?.stop();
  process.exit();
}

/** The program as one that learns from feedback; of what everybody may see whom it answers. */
async function improving(
  path: string,
  program: Module,
  { improveBy, register, experiment, as }: ServeFlags,
  tokens: TokenStore | undefined,
): Promise<SelfImprovingPipeline> {
  return SelfImprovingPipeline.open(program, {
    name: basename(path, extname(path)).replaceAll(/[^\w.-]/g, "-"),
    audience: tokens ? () => commonGroups(tokens) : as,
    ...(improveBy !== "random-search" && {
      optimizer: optimizerByName(improveBy)!({ metric: answerMetric(program) }),
    }),
    ...(register !== undefined && {
      registry: { name: register, experiment, ...(/\.(ts|js|mjs)$/.test(path) && { module: path }) },
    }),
  });
}

/** The groups that everybody with a token is of. */
async function commonGroups(tokens: TokenStore): Promise<string[]> {
  const [first = [], ...others] = (await tokens.list())
    .filter(({ revokedAt }) => revokedAt === undefined)
    .map(({ principal }) => [...principal.groups]);
  return first.filter((group) => others.every((groups) => groups.includes(group)));
}

function chatbotOver(index: Index | undefined): Module {
  if (!index) throw new ConfigurationError("the chatbot answers from an index: name it by --index NAME");
  const own = process.env.OPENAI_BASE_URL ?? process.env.OPENAI_API_KEY;
  return new MaintenanceChatbot(index, { answers: own ? "written" : "quoted" });
}

/** Whether no predictor of the program needs the model of `connect`. */
function knowsModels(program: Module): boolean {
  return [...program.predictors().values()].every((predictor) => predictor.modelFor() !== undefined);
}

/** Until one of the signals comes. The next one ends the process on the spot. */
function asked(...signals: NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
