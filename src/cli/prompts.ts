import { Command } from "commander";
import { mlflow, type PromptCheck, type PromptVersion } from "../tracking/index.ts";
import { programAt } from "./load-program.ts";
import { jsonOption, programArgument, stateOption } from "./options.ts";
import { say, sayJson, table } from "./output.ts";

interface JsonFlag {
  json?: boolean;
}

/** `lmframe prompts …`: the prompts of MLflow's registry. */
export function promptsCommand(): Command {
  return new Command("prompts")
    .summary("list, show, compare and check prompts in MLflow's registry")
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(diffCommand())
    .addCommand(checkCommand())
    .addHelpText(
      "after",
      `
In a pipeline, beside the code that holds the prompts:
  $ lmframe evaluate support.ts test.csv --prompts support      evaluates them as they stand
  $ lmframe prompts check support.ts --name support [--state support.json] [--json]
                                                                fails where one changed since`,
    );
}

function listCommand(): Command {
  return new Command("list")
    .summary("the newest version of each prompt")
    .addOption(jsonOption())
    .action(async ({ json }: JsonFlag) => {
      const prompts = await mlflow.prompts.list();
      if (json) return sayJson(prompts);
      const rows = prompts.map((prompt) => [
        prompt.name,
        prompt.version,
        dated(prompt),
        scored(prompt),
        firstLine(prompt.text),
      ]);
      say(rows.length === 0 ? "no prompts are registered" : table(rows));
    });
}

function showCommand(): Command {
  return new Command("show")
    .summary("the text of a prompt, and what is known of it")
    .argument("<prompt>", "name of the prompt")
    .argument("[version]", "default: the newest")
    .addOption(jsonOption())
    .action(async (name: string, version: string | undefined, { json }: JsonFlag) => {
      const prompt = await mlflow.prompts.version(name, version);
      if (json) return sayJson(prompt);
      say(`${prompt.name} ${prompt.version}  ${dated(prompt)}  ${scored(prompt)}`);
      if (prompt.description) say(printable(prompt.description));
      say(`\n${printable(prompt.text)}`);
    });
}

function diffCommand(): Command {
  return new Command("diff")
    .summary("what changed between two versions of a prompt")
    .argument("<prompt>", "name of the prompt")
    .argument("[from]", "default: the one before")
    .argument("[to]", "default: the newest")
    .action(async (name: string, from: string | undefined, to: string | undefined) => {
      const after = await mlflow.prompts.version(name, to);
      const versions = await mlflow.prompts.versions(name);
      const place = versions.findIndex(({ version }) => version === after.version);
      const before = from === undefined ? versions[place + 1] : await mlflow.prompts.version(name, from);
      if (!before) return say(`version ${after.version} is the first of "${name}"`);
      say(printable(await mlflow.prompts.diff(before, after)) || "the instructions are the same");
    });
}

function checkCommand(): Command {
  return new Command("check")
    .summary("fail where a program's prompt changed without an evaluation")
    .description(
      "Exit code 0: each prompt of the program, as it stands, is registered and was evaluated. 1: else, with what changed " +
        "since the last version that was. `lmframe evaluate PROGRAM DATA --prompts NAME` registers and evaluates them.",
    )
    .argument(...programArgument)
    .requiredOption("--name <name>", "name of the program in the registry")
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(async (path: string, flags: JsonFlag & { name: string; state?: string }) => {
      const checks = await mlflow.prompts.check(await programAt(path, flags.state), flags.name);
      if (flags.json) sayJson(checks);
      else for (const check of checks) await tell(check);
      if (checks.some(({ status }) => status !== "evaluated")) process.exitCode = 1;
    });
}

const verdicts: Record<PromptCheck["status"], string> = {
  evaluated: "well",
  unevaluated: "NOT EVALUATED",
  changed: "CHANGED without an evaluation",
  new: "NOT REGISTERED",
};

async function tell({ name, status, text, version, last }: PromptCheck): Promise<void> {
  say(`${name}  ${verdicts[status]}${version ? `  version ${version.version}  ${scored(version)}` : ""}`);
  if (status === "evaluated" || !last) return;
  const diff = await mlflow.prompts.diff(last, { name, version: "(as it stands)", text });
  say(printable(diff) || `its descriptions of fields or its demos differ from version ${last.version}`);
}

function dated({ createdAt }: PromptVersion): string {
  return new Date(createdAt).toISOString().slice(0, 10);
}

function scored({ evaluation }: PromptVersion): string {
  return evaluation ? `${evaluation.metric} ${evaluation.score.toFixed(3)}` : "not evaluated";
}

function firstLine(text: string): string {
  const [line = ""] = printable(text).split("\n");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** Text that anybody may have registered, without what would steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
