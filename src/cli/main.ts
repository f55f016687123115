#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { defaultProgress, LmframeError, redact, terminalProgress } from "../core/index.ts";
import { packageRoot } from "../services/index.ts";
import { askCommand } from "./ask.ts";
import { chatCommand } from "./chat.ts";
import { classifyCommand } from "./classify.ts";
import { demoCommand } from "./demo.ts";
import { evaluateCommand } from "./evaluate.ts";
import { indexCommand } from "./index-documents.ts";
import { Interrupted } from "./interrupt.ts";
import { mapCommand } from "./map.ts";
import { optimizeCommand } from "./optimize.ts";
import { note } from "./output.ts";
import { promptCommand } from "./prompt.ts";
import { reportCommand } from "./report.ts";
import { searchCommand } from "./search.ts";
import { serveCommand } from "./serve.ts";
import { serviceCommand } from "./service.ts";
import { promptsCommand } from "./prompts.ts";
import { downCommand, statusCommand, upCommand } from "./services.ts";
import { syncCommand } from "./sync.ts";
import { tokensCommand } from "./tokens.ts";

const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
  version: string;
};

const program = new Command("lmframe")
  .description("Language-model programs over data frames: declare, compose, optimise, track, report.")
  .version(version)
  .showHelpAfterError("(add --help for what can be given)")
  .addHelpText(
    "after",
    `
Start here:
  $ lmframe up                                                 start MLflow and the embedded model
  $ lmframe classify feedback.csv --text text --label sentiment
                                                               a table becomes an optimised, reported classifier
  $ lmframe map classifier.json new.csv labelled.csv           run it on new rows
  $ lmframe evaluate classifier.json test.csv --baseline RUN --max-drop 0.02
                                                               fail a pipeline when it got worse
  $ lmframe serve classifier.json                              answer over HTTP, with a page to try it
  $ lmframe index logbook.csv --to logbook --group mechanics --text problem
                                                               make a table searchable, for one group
  $ lmframe search logbook "oil leak" --as mechanics           search it by meaning and words

The model is the embedded one unless OPENAI_BASE_URL or OPENAI_API_KEY is set (and OPENAI_MODEL, where there are
several); runs go to MLFLOW_TRACKING_URI, or to a server of your own on this machine.`,
  );

for (const command of [
  classifyCommand,
  optimizeCommand,
  mapCommand,
  evaluateCommand,
  promptCommand,
  promptsCommand,
  indexCommand,
  searchCommand,
  askCommand,
  chatCommand,
  reportCommand,
  serviceCommand,
  serveCommand,
  tokensCommand,
  syncCommand,
  upCommand,
  downCommand,
  statusCommand,
  demoCommand,
]) {
  program.addCommand(command());
}

// Programs are TypeScript, which Node strips of its types with a warning that tells their users nothing.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "ExperimentalWarning")
    process.stderr.write(`${warning.name}: ${redact(warning.message)}\n`);
});

defaultProgress(terminalProgress());
try {
  await program.parseAsync();
} catch (error) {
  // An error of ours says what to do; of any other the place matters.
  const told =
    error instanceof LmframeError ? error.message : error instanceof Error ? error.stack : undefined;
  note(told ?? String(error));
  process.exitCode = error instanceof Interrupted ? 130 : 1;
}
