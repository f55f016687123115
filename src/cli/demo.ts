import { Command } from "commander";
import { fileURLToPath } from "node:url";
import { relative } from "node:path";

/** `lmframe demo`: the main job on the table of customer feedback that comes with lmframe. */
export function demoCommand(): Command {
  return new Command("demo")
    .summary("run the main job on the table that comes with lmframe")
    .description(
      "Classifies datasets/feedback.csv with the connected model and writes reports/feedback-classification.html.",
    )
    .action(async (_flags, demo: Command) => {
      const here = (path: string) =>
        relative(process.cwd(), fileURLToPath(new URL(`../../${path}`, import.meta.url)));
      await demo.parent!.parseAsync(
        [
          "classify",
          here("datasets/feedback.csv"),
          ...["--text", "text", "--label", "sentiment", "--seed", "7"],
          ...["--instructions", "Classify what an airline's customer wrote."],
          ...["--report", here("reports/feedback-classification.html")],
        ],
        { from: "user" },
      );
    });
}
