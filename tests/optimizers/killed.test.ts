import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../src/core/index.ts";
import * as optimizers from "../../src/optimizers/index.ts";
import { type ChatBody, startEndpoint } from "../support/faulty-endpoint.ts";
import { everyStrategy } from "./every-strategy.ts";
import { killedTask } from "./killed-task.ts";

const kills = 10;
const { tickets, concurrency } = killedTask;
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Where the packages are found that the bundle imports. */
let folder: string;
let script: string;

beforeAll(async () => {
  mkdirSync(join(root, "tests/.tmp"), { recursive: true });
  folder = mkdtempSync(join(root, "tests/.tmp/killed-"));
  script = join(folder, "search.mjs");
  // As one file, since it is started some two hundred times.
  await build({
    entryPoints: [fileURLToPath(new URL("./search-process.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Answers as planted; the rows that only measure are told apart, since what they cost is in no journal. */
const measuring = new Set(killedTask.unseen.rows().map(({ text }) => text.slice(0, 7)));
const measures = (body: ChatBody) => {
  const asked = JSON.stringify(body.messages.at(-1));
  return [...measuring].some((id) => asked.includes(id));
};
function answer({ messages, temperature, seed, model, logprobs }: ChatBody) {
  const request = { messages, temperature: temperature as number, rollout: seed as number };
  if (model === "ticket proposer") return tickets.propose(request);
  const text = tickets.reply(request);
  const tokens = logprobs ? tickets.tokens(request, text) : undefined;
  return {
    text,
    ...(tokens && {
      logprobs: tokens.map(({ token, logprob, top }) => ({ token, logprob, top_logprobs: [...top] })),
    }),
  };
}

interface Entry {
  kind: "study" | "rollout" | "proposal" | "decision";
  key?: string;
  result?: { calls: number };
  used?: { calls: number };
}

/** The answers that a journal holds by their key, with the calls that each took. */
function journaled(path: string): Map<string, number> {
  const paid = new Map<string, number>();
  if (!existsSync(path)) return paid;
  for (const line of readFileSync(path, "utf8").split("\n").slice(0, -1)) {
    const { key, result, used } = JSON.parse(line) as Entry;
    if (key === undefined) continue;
    // One answer has one line: a second would have been paid for again.
    expect(paid.has(key)).toBe(false);
    paid.set(key, (result ?? used)!.calls);
  }
  return paid;
}

const callsOf = (paid: ReadonlyMap<string, number>) =>
  [...paid.values()].reduce((sum, calls) => sum + calls, 0);

describe.concurrent("kill -9 at ten random points of one search", () => {
  test("is tried with every strategy there is", () => {
    const names = Object.values(optimizers).flatMap((made) =>
      typeof made === "function" && made.prototype instanceof optimizers.Optimizer ? [made.name] : [],
    );
    expect(Object.keys(everyStrategy).sort()).toEqual(names.sort());
  });

  test.each([...Object.keys(everyStrategy), "retune"])(
    "%s ends as if it had never been killed, and asks for nothing that its journal holds",
    { timeout: 600_000 },
    async (name) => {
      let onAsked: (() => void) | undefined;
      let asked = 0;
      const endpoint = await startEndpoint({
        reply: (body) => {
          if (!measures(body)) asked++;
          onAsked?.();
          return answer(body);
        },
      });
      const start = (journal: string) => {
        asked = 0;
        const child = spawn(process.execPath, [script, name, journal], {
          env: {
            ...process.env,
            OPENAI_BASE_URL: endpoint.baseURL,
            OPENAI_API_KEY: "any",
            NODE_COMPILE_CACHE: join(folder, "compiled"),
          },
          stdio: ["ignore", "pipe", "inherit"],
        });
        let output = "";
        child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
        return { child, ended: once(child, "close").then(() => output) };
      };
      const size = (path: string) => (existsSync(path) ? statSync(path).size : 0);
      try {
        const [wholeJournal, journal] = ["whole", "killed"].map((of) =>
          join(folder, `${name} ${of}.jsonl`),
        ) as [string, string];
        const sizes: number[] = [];
        onAsked = () => sizes.push(size(wholeJournal));
        const { child: unharmed, ended } = start(wholeJournal);
        const whole = await ended;
        expect(unharmed.exitCode).toBe(0);
        const needed = journaled(wholeJournal);
        expect(asked).toBe(callsOf(needed));

        // Not among the last requests: those may come in another order, and none would be left to be killed at.
        const points = random(name.length).sample(sizes.slice(0, -4 * concurrency), kills);
        for (const point of points.sort((a, b) => a - b)) {
          const before = callsOf(journaled(journal));
          const { child, ended } = start(journal);
          onAsked = () => {
            if (size(journal) >= point) child.kill("SIGKILL");
          };
          await ended;
          expect(child.signalCode).toBe("SIGKILL");
          // What it asked for is in the journal, but for the rows under way, of two steps each.
          const gained = callsOf(journaled(journal)) - before;
          expect(asked - gained).toBeGreaterThanOrEqual(0);
          expect(asked - gained).toBeLessThanOrEqual(2 * concurrency);
        }

        onAsked = undefined;
        const before = callsOf(journaled(journal));
        expect(before).toBeGreaterThan(0);
        expect(await start(journal).ended).toBe(whole);
        const [held, wanted] = [journaled(journal), [...needed.keys()]];
        expect([...held.keys()].sort()).toEqual(wanted.sort());
        expect(asked).toBe(callsOf(held) - before);
      } finally {
        await endpoint.close();
      }
    },
  );
});
