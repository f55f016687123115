import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach } from "vitest";
import type { ChatBody } from "../support/faulty-endpoint.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What a command did. */
export interface Done {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A folder of its own for each test, in which its commands run. */
export function useFolder(): { path: string; write(name: string, content: string): string } {
  const folder = {
    path: "",
    write(name: string, content: string): string {
      writeFileSync(join(folder.path, name), content);
      return name;
    },
  };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), "lmframe cli "));
  });
  afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}

/** Starts `lmframe` with these arguments; progress is shown as to a person's log file. */
export function startCommand(
  args: readonly string[],
  { cwd, env = {}, input }: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): { child: ChildProcess; done: Promise<Done> } {
  const { VITEST: _vitest, CI: _ci, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const done = new Promise<Done>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, done };
}

/** Runs `lmframe` with these arguments to its end. */
export function command(...given: Parameters<typeof startCommand>): Promise<Done> {
  return startCommand(...given).done;
}

/** Messages of which half praise and half complain, as CSV; every fifth reads the other way round. */
export function messages(count: number): string {
  const rows = Array.from({ length: count }, (_, number) => {
    const praise = number % 2 === 0;
    const word = praise !== (number % 5 === 0) ? "lovely" : "dreadful";
    return `"message ${number}, a ${word} flight",${praise ? "positive" : "negative"}`;
  });
  return ["text,sentiment", ...rows].join("\n");
}

/** Answers {@link messages} by their word; a message that says nothing of the kind is negative. */
export function readSentiment({ messages }: ChatBody): string {
  const asked = JSON.stringify(messages.at(-1));
  const sentiment = asked.includes("lovely") ? "positive" : "negative";
  return JSON.stringify({ sentiment });
}
