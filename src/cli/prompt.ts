import { Command } from "commander";
import { ConfigurationError, nearest } from "../core/index.ts";
import { connect } from "../lm/index.ts";
import type { Module, Predict } from "../modules/index.ts";
import { programAt } from "./load-program.ts";
import { programArgument, stateOption } from "./options.ts";
import { say } from "./output.ts";

interface PromptFlags {
  state?: string;
  predictor?: string;
  inputs?: string;
}

/** `lmframe prompt PROGRAM`: the exact messages a program would send. */
export function promptCommand(): Command {
  return new Command("prompt")
    .summary("show the exact messages of a program without a call")
    .description("The messages depend on the model: one that can be held to a schema is asked for JSON.")
    .argument(...programArgument)
    .addOption(stateOption())
    .option("--predictor <path>", "which predictor; default: the only one")
    .option("--inputs <json>", "inputs of the predictor; default: their names in braces")
    .addHelpText(
      "after",
      `\nExample:\n  $ lmframe prompt classifier.json --inputs '{"text": "Lost my bag again"}'`,
    )
    .action(run);
}

async function run(path: string, flags: PromptFlags): Promise<void> {
  const program = await programAt(path, flags.state);
  const predictor = predictorAt(program, flags.predictor);
  const inputs =
    flags.inputs === undefined ? placeholders(predictor.signature.inputs) : readInputs(flags.inputs);
  const lm = await connect();
  for (const { role, content } of predictor.prompt(inputs, { lm })) {
    say(`── ${role} ──\n${typeof content === "string" ? content : JSON.stringify(content, null, 2)}\n`);
  }
}

function predictorAt(program: Module, path: string | undefined): Predict {
  const predictors = program.predictors();
  const paths = [...predictors.keys()];
  const predictor = predictors.get(path ?? (paths.length === 1 ? paths[0]! : ""));
  if (predictor) return predictor;
  const guess = path === undefined ? undefined : nearest(path, paths);
  throw new ConfigurationError(
    `${path === undefined ? `the program has ${paths.length} predictors` : `no predictor "${path}"`}` +
      `${guess === undefined ? "" : `; did you mean "${guess}"?`} Name one by --predictor: ${paths.join(", ")}`,
  );
}

function placeholders(fields: readonly { name: string }[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name }) => [name, `{${name}}`]));
}

function readInputs(text: string): Record<string, unknown> {
  try {
    const inputs: unknown = JSON.parse(text);
    if (typeof inputs === "object" && inputs !== null && !Array.isArray(inputs))
      return inputs as Record<string, unknown>;
  } catch {
    // Said below, with what was expected.
  }
  throw new ConfigurationError(
    `--inputs is no JSON object: ${text.slice(0, 80)}; expected for instance {"text": "…"}`,
  );
}
