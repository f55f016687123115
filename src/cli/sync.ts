import { Command } from "commander";
import { mlflow } from "../tracking/index.ts";
import { jsonOption } from "./options.ts";
import { say, sayJson } from "./output.ts";

/** `lmframe sync`: sends runs that waited on disk while the tracking server was away. */
export function syncCommand(): Command {
  return new Command("sync")
    .summary("send the runs that wait on disk to MLflow")
    .description(
      "Runs that were logged while MLflow was away wait on disk. May be stopped and repeated: each run is there once. " +
        "Exit code 1: some still wait.",
    )
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const { sent, waiting } = await mlflow.sync();
      if (json) {
        sayJson({ sent: sent.map(({ name, url }) => ({ name, run: url })), waiting });
      } else {
        for (const { name, url } of sent) say(`sent     ${name}: ${url}`);
        for (const { name, reason } of waiting) say(`waiting  ${name}: ${reason}`);
        if (sent.length + waiting.length === 0) say("nothing waits");
      }
      if (waiting.length > 0) process.exitCode = 1;
    });
}
