import { Command } from "commander";
import { down, type ServiceStatus, status, up } from "../services/index.ts";
import { jsonOption } from "./options.ts";
import { say, sayJson, table } from "./output.ts";

interface Flags {
  json?: boolean;
}

/** `lmframe up`: starts what is not there yet. */
export function upCommand(): Command {
  return new Command("up")
    .summary("start MLflow and the embedded model where they do not run yet")
    .description(
      "Starts what no environment variable names and what does not run yet: MLflow and the embedded model, on this " +
        "machine alone. The next process finds them.",
    )
    .addOption(jsonOption())
    .action(async ({ json }: Flags) => show(await up(), json));
}

/** `lmframe down`: stops what lmframe started. */
export function downCommand(): Command {
  return new Command("down")
    .summary("stop what `lmframe up` started")
    .addOption(jsonOption())
    .action(async ({ json }: Flags) => {
      const stopped = await down();
      if (json) sayJson({ stopped });
      else say(stopped.length === 0 ? "nothing ran" : `stopped ${stopped.join(" and ")}`);
    });
}

/** `lmframe status`: what runs, and where. */
export function statusCommand(): Command {
  return new Command("status")
    .summary("show what runs, and where")
    .addOption(jsonOption())
    .action(async ({ json }: Flags) => show(await status(), json));
}

const states: Readonly<Record<ServiceStatus["source"], string>> = {
  environment: "named by the environment",
  local: "running",
  none: "not running",
};

function show(services: readonly ServiceStatus[], json: boolean | undefined): void {
  if (json) return sayJson({ services });
  say(
    table([
      ["SERVICE", "STATE", "ADDRESS", "SINCE"],
      ...services.map(({ name, source, address = "", startedAt }) => [
        name,
        states[source],
        address,
        startedAt?.toLocaleString("sv").slice(0, 16) ?? "", // ISO order, local time
      ]),
    ]),
  );
}
