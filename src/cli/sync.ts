import { Command } from "commander";
import { mlflow } from "../tracking/index.ts";
import { say, sayJson } from "./output.ts";

/** `lmframe sync`: sends runs that waited on disk while the tracking server was away. */
export function syncCommand(): Command {
  return new Command("sync")
    .summary("send the runs that wait on disk to MLflow")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const sent = await mlflow.sync();
      if (json) sayJson(sent);
      else {
        for (const { url } of sent.sent) say(`sent     ${url}`);
        for (const { name, reason } of sent.waiting) say(`waiting  ${name}: ${reason}`);
        if (sent.sent.length + sent.waiting.length === 0) say("nothing waits");
      }
      if (sent.waiting.length > 0) process.exitCode = 1;
    });
}
