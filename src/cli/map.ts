import { Command } from "commander";
import { Dataset } from "../data/index.ts";
import { connect } from "../lm/index.ts";
import { interruptible } from "./interrupt.ts";
import { programAt } from "./load-program.ts";
import { concurrencyOption, programArgument, type RunFlags, stateOption, timeoutOption } from "./options.ts";
import { say } from "./output.ts";

/** `lmframe map PROGRAM INPUT OUTPUT`: runs a program on every row of a file of any size. */
export function mapCommand(): Command {
  return new Command("map")
    .summary("run a program on every row of a file")
    .description(
      "Adds the program's outputs to the rows, and a column of errors. Rows stream, so the file may be larger than " +
        "memory. Stopped and run again, it goes on where it was.",
    )
    .argument(...programArgument)
    .argument("<input>", "file of rows")
    .argument("<output>", "file to write; its ending names the format")
    .addOption(stateOption())
    .addOption(concurrencyOption())
    .addOption(timeoutOption())
    .addHelpText(
      "after",
      `
Examples:
  $ lmframe map classifier.json new.csv labelled.parquet
  $ lmframe map support.ts tickets.jsonl answered.jsonl --state support.json`,
    )
    .action(run);
}

async function run(
  path: string,
  input: string,
  output: string,
  { state, concurrency, timeout }: RunFlags & { state?: string },
): Promise<void> {
  const program = await programAt(path, state);
  const rows = Dataset.scan(input);
  const lm = await connect({ timeout });
  await interruptible(
    `The answers so far are kept in ${output}.partial: the same command goes on from there.`,
    (signal) =>
      program.map(rows, { to: output, lm, signal, ...(concurrency !== undefined && { concurrency }) }),
  );
  say(output);
}
