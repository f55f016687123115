import { Command } from "commander";
import { ConfigurationError } from "../core/index.ts";
import { type TokenRecord, TokenStore } from "../serving/index.ts";
import { jsonOption, repeatable } from "./options.ts";
import { note, say, sayJson, table } from "./output.ts";

/** `lmframe tokens …`: who may call what is served with `--tokens`. */
export function tokensCommand(): Command {
  return new Command("tokens")
    .summary("add, list and revoke the tokens of those who may call a served program")
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

function addCommand(): Command {
  return new Command("add")
    .summary("make a token; it is printed once and kept nowhere")
    .argument("<name>", "whom it is for, as the audit calls them")
    .requiredOption("--group <group>", "group they are of; repeat it for several", repeatable)
    .option("--operator", "may see figures of all callers")
    .option("--expires <date>", "as 2026-12-31; default: never")
    .addOption(jsonOption())
    .action(
      async (
        name: string,
        flags: { group: string[]; operator?: boolean; expires?: string; json?: boolean },
      ) => {
        const expiresAt = flags.expires === undefined ? undefined : new Date(flags.expires);
        if (expiresAt && !(expiresAt.getTime() > Date.now()))
          throw new ConfigurationError(
            `invalid date: "${flags.expires}"; expected one to come, as 2026-12-31`,
          );
        const principal = { id: name, groups: flags.group };
        const token = await new TokenStore().add({ principal, operator: flags.operator, expiresAt });
        if (flags.json) return sayJson({ token });
        note("keep it now: it is shown this once");
        say(token);
      },
    );
}

function listCommand(): Command {
  return new Command("list")
    .summary("whom tokens are for, and whether they hold")
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const tokens = await new TokenStore().list();
      if (json) return sayJson({ tokens });
      const rows = tokens.map((token) => [
        token.id,
        token.principal.id,
        token.principal.groups.join(", ") + (token.operator ? " (operator)" : ""),
        token.createdAt.slice(0, 10),
        state(token),
      ]);
      say(
        rows.length === 0
          ? "there are no tokens"
          : table([["ID", "NAME", "GROUPS", "SINCE", "STATE"], ...rows]),
      );
    });
}

function revokeCommand(): Command {
  return new Command("revoke")
    .summary("have a token worth nothing from now on")
    .argument("<id>", "as `lmframe tokens list` shows it")
    .action(async (id: string) => {
      await new TokenStore().revoke(id);
      say(`revoked ${id}`);
    });
}

function state({ revokedAt, expiresAt }: TokenRecord): string {
  if (revokedAt !== undefined) return `revoked ${revokedAt.slice(0, 10)}`;
  if (expiresAt === undefined) return "holds";
  return `${Date.parse(expiresAt) > Date.now() ? "until" : "expired"} ${expiresAt.slice(0, 10)}`;
}
