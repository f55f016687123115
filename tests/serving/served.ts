import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Module } from "../../src/modules/index.ts";
import {
  FeedbackLog,
  serve,
  type ServedProgram,
  type ServeOptions,
  TokenStore,
} from "../../src/serving/index.ts";

/** Serves programs for one test each, with files of their own; all is gone after it. */
export function useServer() {
  const open: ServedProgram[] = [];
  const logged: string[] = [];
  const here = {
    folder: "",
    /** Lines that servers logged in this test. */
    logged,
    tokens: () => new TokenStore(join(here.folder, "tokens.json")),
    feedback: () => new FeedbackLog(join(here.folder, "feedback.jsonl")),
    async serve(program: Module, options: ServeOptions = {}): Promise<ServedProgram> {
      const server = await serve(program, {
        port: 0,
        feedback: here.feedback(),
        log: (line) => void logged.push(line),
        ...options,
      });
      open.push(server);
      return server;
    },
  };
  beforeEach(() => {
    here.folder = mkdtempSync(join(tmpdir(), "lmframe served "));
    logged.length = 0;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
    rmSync(here.folder, { recursive: true, force: true });
  });
  return here;
}

/** Posts JSON. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** The events of a stream of server-sent events. */
export async function eventsOf(response: Response): Promise<{ event: string; data: string }[]> {
  const blocks = (await response.text()).split("\n\n").filter((block) => block !== "");
  return blocks.map((block) => {
    const lines = block.split("\n");
    const of = (name: string) =>
      lines.flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : [])).join("\n");
    return { event: of("event"), data: of("data") };
  });
}
