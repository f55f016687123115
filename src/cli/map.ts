import { Command } from "commander";
import { Dataset } from "../data/index.ts";
import { connect } from "../lm/index.ts";
import { programAt } from "./load-program.ts";
import { say, wholeNumber } from "./output.ts";

/** `lmframe map PROGRAM INPUT OUTPUT`: runs a program on every row of a file of any size. */
export function mapCommand(): Command {
  return new Command("map")
    .summary("run a program on every row of a file")
    .description(
      "Adds the program's outputs to the rows, and a column of errors. Rows stream, so the file may be larger than " +
        "memory. Stopped and run again, it goes on where it was.",
    )
    .argument("<program>", "saved program (.json) or a module that exports one (.ts, .js)")
    .argument("<input>", "file of rows")
    .argument("<output>", "file to write; its ending names the format")
    .option("--state <file>", "saved state to load into the program")
    .option("--concurrency <rows>", "rows under way at once", wholeNumber(1), 16)
    .addHelpText("after", "\nExample:\n  $ lmframe map classifier.json new.csv labelled.parquet")
    .action(
      async (path: string, input: string, output: string, flags: { state?: string; concurrency: number }) => {
        const program = await programAt(path, flags.state);
        await connect();
        await program.map(Dataset.scan(input), { to: output, concurrency: flags.concurrency });
        say(output);
      },
    );
}
