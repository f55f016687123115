import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  type ChatBody,
  type FaultyEndpoint,
  type ScriptedReply,
  startEndpoint,
} from "../support/faulty-endpoint.ts";
import { command, useFolder } from "./command.ts";

const folder = useFolder();
let endpoint: FaultyEndpoint | undefined;
afterEach(() => endpoint?.close());

async function environment(reply: (request: ChatBody) => ScriptedReply): Promise<NodeJS.ProcessEnv> {
  endpoint = await startEndpoint({ reply });
  return { OPENAI_BASE_URL: endpoint.baseURL, OPENAI_API_KEY: "none", OPENAI_MODEL: "test-model" };
}

/** A table of which every fourth message is not what it reads like. */
function table(count: number): string {
  const rows = Array.from({ length: count }, (_, number) =>
    number % 4 === 3
      ? `"message ${number} about a bag",negative,high,seating`
      : number % 2 === 0
        ? `"message ${number}, my bag is gone now!",negative,high,baggage`
        : `"message ${number}, thanks to the crew",positive,low,service`,
  );
  return ["text,sentiment,urgency,category", ...rows].join("\n");
}

/** Reads a message by its words, and is sure of what it reads; held to another label it says that, and is not. */
function readMessage(request: ChatBody): ScriptedReply {
  const said = JSON.stringify(request.messages.at(-1)!.content);
  const right: Record<string, string> = {
    sentiment: said.includes("thanks") ? "positive" : "negative",
    urgency: said.includes("now!") ? "high" : "low",
    category: said.includes("bag") ? "baggage" : "service",
  };
  const { schema } = (request.response_format as { json_schema: { schema: Constraint } }).json_schema;
  const given = Object.entries(schema.properties).map(([name, { enum: allowed }]) => [
    name,
    allowed && !allowed.includes(right[name]!) ? allowed[0] : right[name],
  ]);
  const sure = given.every(([name, label]) => right[name!] === label);
  const text = JSON.stringify(Object.fromEntries(given));
  // One token for the whole: what it weighs is what its label weighs.
  const token = { token: text, logprob: Math.log(sure ? 0.9 : 0.01) };
  return { text, logprobs: [{ ...token, top_logprobs: [token] }] };
}

interface Constraint {
  properties: Record<string, { enum?: string[] }>;
}

describe("service", () => {
  test("measures the service beside a prompt, and reports", { timeout: 120_000 }, async () => {
    const env = await environment(readMessage);
    folder.write("messages.csv", table(40));
    const done = await command(
      [
        "service",
        "messages.csv",
        "--optimizer",
        "none",
        "--report",
        "out/service.html",
        "--no-track",
        "--json",
      ],
      { cwd: folder.path, env },
    );
    expect(done.stderr).not.toContain("Error");
    expect(done.code).toBe(0);
    const found = JSON.parse(done.stdout);
    expect(found).toMatchObject({
      rows: 40,
      after: {
        messages: 40,
        routedRight: 30,
        toEscalate: 30,
        escalated: 20,
        escalatedRight: 20,
        labels: { category: { accuracy: 0.75 }, sentiment: { accuracy: 1 }, urgency: { accuracy: 0.75 } },
      },
      estimates: { minutesByHand: expect.any(Number) as number },
      run: null,
      report: join(folder.path, "out/service.html"),
    });
    expect(readFileSync(found.report as string, "utf8")).toContain("What was decided");
  });

  test("tunes on other rows than it measures on, and saves that", { timeout: 120_000 }, async () => {
    const env = await environment(readMessage);
    folder.write("messages.csv", table(40));
    const done = await command(
      [
        ...["service", "messages.csv", "--optimizer", "random-search", "--budget", "60", "--no-track"],
        ...["--save", "service.json"],
      ],
      { cwd: folder.path, env },
    );
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(/^before {3}sentiment \d\.\d+, .* right team \d+ % of 16/m);
    expect(done.stdout).toMatch(/^after {4}sentiment 1\.000, /m);
    expect(done.stdout).toMatch(/^program {2}service\.json$/m);
    expect(existsSync(join(folder.path, "service.json"))).toBe(true);
  });

  test(
    "says what the table or the program lacks, before it asks anything",
    { timeout: 120_000 },
    async () => {
      const env = await environment(() => ({ text: "never" }));
      folder.write("messages.csv", "text,sentiment\nhello,positive\n");
      const lacking = await command(["service", "messages.csv", "--no-track"], { cwd: folder.path, env });
      expect(lacking).toMatchObject({ code: 1, stdout: "" });
      expect(lacking.stderr).toContain('column "urgency"');
      folder.write("messages.csv", table(12));
      folder.write(
        "plain.ts",
        'import { Predict } from "lmframe";\nexport default new Predict("inquiry -> category");\n',
      );
      const plain = await command(["service", "messages.csv", "--program", "plain.ts"], {
        cwd: folder.path,
        env,
      });
      expect(plain).toMatchObject({ code: 1, stdout: "" });
      expect(plain.stderr).toContain("without rules");
      expect(endpoint!.calls).toHaveLength(0);
    },
  );
});
