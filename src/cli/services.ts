import { Command } from "commander";
import { down, type ServiceStatus, status, up } from "../services/index.ts";
import { say, sayJson } from "./output.ts";

/** `lmframe up`: starts what is not there yet. */
export function upCommand(): Command {
  return new Command("up")
    .summary("start MLflow and the embedded model where they do not run yet")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }) => show(await up(), json));
}

/** `lmframe down`: stops what lmframe started. */
export function downCommand(): Command {
  return new Command("down")
    .summary("stop what `lmframe up` started")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }) => {
      await down();
      show(await status(), json);
    });
}

/** `lmframe status`: what runs, and where. */
export function statusCommand(): Command {
  return new Command("status")
    .summary("show what runs, and where")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }) => show(await status(), json));
}

function show(services: readonly ServiceStatus[], json: boolean | undefined): void {
  if (json) sayJson(services);
  else for (const service of services) say(Object.values(service).map(String).join("  "));
}
