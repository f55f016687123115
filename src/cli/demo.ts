import { Command } from "commander";
import { fileURLToPath } from "node:url";
import { relative } from "node:path";

/** `lmframe demo`: the main job on the table of customer feedback that comes with lmframe. */
export function demoCommand(): Command {
  return new Command("demo")
    .summary("run the main job on the table that comes with lmframe")
    .description(
      "Classifies the messages of datasets/feedback.csv with the connected model and writes " +
        "reports/feedback-classification.html.",
    )
    .action(async (_flags, demo: Command) => {
      const table = fileURLToPath(new URL("../../datasets/feedback.csv", import.meta.url));
      await demo.parent!.parseAsync(
        [
          ...["classify", relative(process.cwd(), table)],
          ...["--text", "text", "--label", "sentiment", "--seed", "7"],
          ...["--instructions", "Classify what an airline's customer wrote."],
          ...["--budget", "500"],
          ...["--report", "reports/feedback-classification.html"],
        ],
        { from: "user" },
      );
    });
}
