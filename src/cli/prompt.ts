import { Command } from "commander";
import { ConfigurationError } from "../core/index.ts";
import { connect } from "../lm/index.ts";
import { programAt } from "./load-program.ts";
import { say } from "./output.ts";

/** `lmframe prompt PROGRAM`: the exact messages a program would send. */
export function promptCommand(): Command {
  return new Command("prompt")
    .summary("show the exact messages of a program without a call")
    .argument("<program>", "saved program (.json) or a module that exports one (.ts, .js)")
    .option("--state <file>", "saved state to load into the program")
    .option("--predictor <path>", "which predictor; default: the only one")
    .option("--inputs <json>", "inputs of the predictor; default: their names in braces")
    .addHelpText(
      "after",
      `\nExample:\n  $ lmframe prompt classifier.json --inputs '{"text": "Lost my bag again"}'`,
    )
    .action(async (path: string, flags: { state?: string; predictor?: string; inputs?: string }) => {
      const program = await programAt(path, flags.state);
      await connect();
      const predictors = program.predictors();
      const at = flags.predictor ?? [...predictors.keys()][0];
      const predictor =
        at === undefined || (predictors.size > 1 && flags.predictor === undefined)
          ? undefined
          : predictors.get(at);
      if (!predictor) {
        throw new ConfigurationError(
          `name one of the program's predictors by --predictor: ${[...predictors.keys()].join(", ")}`,
        );
      }
      const inputs =
        flags.inputs === undefined ? placeholders(predictor.signature.inputs) : readInputs(flags.inputs);
      for (const { role, content } of predictor.prompt(inputs)) {
        say(`── ${role} ──\n${typeof content === "string" ? content : JSON.stringify(content, null, 2)}\n`);
      }
    });
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
