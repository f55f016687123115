import { Command, Option } from "commander";
import { ConfigurationError } from "../core/index.ts";
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
    .argument("<input>", "file of rows; on Spark a path or table that the cluster sees")
    .argument("<output>", "file to write; its ending names the format; on Spark a folder of Parquet")
    .addOption(stateOption())
    .addOption(concurrencyOption())
    .addOption(timeoutOption())
    .addOption(
      new Option("--engine <engine>", "what runs the rows").choices(["here", "spark"]).default("here"),
    )
    .addOption(
      new Option("--remote <address>", "Spark Connect server: sc://host:15002/;token=…").env("SPARK_REMOTE"),
    )
    .option("--id <column>", "on Spark: column that tells rows apart; default: one is added, row_id")
    .option("--upload", "on Spark: the input is a file of this machine")
    .addHelpText(
      "after",
      `
Examples:
  $ lmframe map classifier.json new.csv labelled.parquet
  $ lmframe map support.ts tickets.jsonl answered.jsonl --state support.json
  $ lmframe map classifier.json /data/new /data/labelled --engine spark --remote sc://cluster:15002

On Spark the executors take the model from their own environment (OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL), and
--concurrency is of all of them together. --timeout is not for Spark.`,
    )
    .action(run);
}

interface MapFlags extends RunFlags {
  state?: string;
  engine: "here" | "spark";
  remote?: string;
  id?: string;
  upload?: boolean;
}

async function run(
  path: string,
  input: string,
  output: string,
  flags: MapFlags,
  command: Command,
): Promise<void> {
  if (flags.engine === "spark") {
    if (command.getOptionValueSource("timeout") === "cli") {
      throw new ConfigurationError(
        "--timeout needs --engine here: on Spark, workers give their model 120 s for an answer; leave it out",
      );
    }
    await onSpark(path, input, output, flags);
  } else await here(path, input, output, flags);
  say(output);
}

async function here(
  path: string,
  input: string,
  output: string,
  { state, concurrency, timeout, id, upload }: MapFlags,
): Promise<void> {
  if (id !== undefined || upload) throw new ConfigurationError("--id and --upload need --engine spark");
  const program = await programAt(path, state);
  const rows = Dataset.scan(input);
  const lm = await connect({ timeout });
  await interruptible(
    `The answers so far are kept in ${output}.partial: the same command goes on from there.`,
    (signal) =>
      program.map(rows, { to: output, lm, signal, ...(concurrency !== undefined && { concurrency }) }),
  );
}

async function onSpark(
  path: string,
  input: string,
  output: string,
  { state, concurrency, remote, id, upload }: MapFlags,
): Promise<void> {
  const program = await programAt(path, state);
  const { connectSpark, frameAt, mapFrame } = await import("../scale/index.ts");
  const spark = await connectSpark(remote);
  try {
    const rows = upload ? await spark.upload(await Dataset.read(input)) : frameAt(spark, input);
    await interruptible(
      `The answers so far are kept in ${output}.partial: the same command goes on from there.`,
      (signal) =>
        mapFrame(spark, program, rows, {
          to: output,
          signal,
          id,
          limits: { concurrency },
          module: path.endsWith(".json") ? undefined : path,
        }),
    );
  } finally {
    await spark.close();
  }
}
