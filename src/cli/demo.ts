import { Command } from "commander";
import { fileURLToPath } from "node:url";
import { relative } from "node:path";

/** `lmframe demo`: the two lead applications on the tables that come with lmframe. */
export function demoCommand(): Command {
  return new Command("demo")
    .summary("run both lead applications on the tables that come with lmframe")
    .description(
      "Classifies the messages of datasets/feedback.csv and answers questions about datasets/logbook.csv with the " +
        "connected model, and writes reports/feedback-classification.html and reports/maintenance-chatbot.html.",
    )
    .action(async (_flags, demo: Command) => {
      const table = (name: string) =>
        relative(process.cwd(), fileURLToPath(new URL(`../../datasets/${name}.csv`, import.meta.url)));
      await demo.parent!.parseAsync(
        [
          ...["classify", table("feedback")],
          ...["--text", "text", "--label", "sentiment", "--seed", "7"],
          ...["--instructions", "Classify what an airline's customer wrote."],
          ...["--budget", "500"],
          ...["--report", "reports/feedback-classification.html"],
        ],
        { from: "user" },
      );
      const { maintenanceDemo } = await import("./demo-maintenance.ts");
      await maintenanceDemo(table("logbook"), table("logbook_questions"), "reports/maintenance-chatbot.html");
    });
}
