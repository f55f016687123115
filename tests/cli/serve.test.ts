import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { FeedbackLog } from "../../src/serving/index.ts";
import { TicketTask } from "../optimizers/planted-tickets.ts";
import { post } from "../serving/served.ts";
import { answerFields } from "../support/answer-fields.ts";
import { type ChatBody, startEndpoint } from "../support/faulty-endpoint.ts";
import { command, startCommand, useFolder } from "./command.ts";

const folder = useFolder();

const slow = `
import { Module, signature } from "lmframe";
export default class Slow extends Module {
  static signature = signature("n: int -> twice: int");
  async forward({ n }) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { twice: 2 * n };
  }
}
`;

/** Starts the command, and gives the address it names. */
async function served(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { child, done } = startCommand(["serve", ...args, "--port", "0"], { cwd: folder.path, env });
  let said = "";
  child.stdout!.on("data", (text: string) => (said += text));
  while (!said.includes("\n")) {
    const ended = await Promise.race([once(child.stdout!, "data").then(() => undefined), done]);
    if (ended) throw new Error(ended.stderr);
  }
  return { child, done, url: /http:\S+/.exec(said)![0] };
}

interface Completion {
  choices: { message: { content: string } }[];
  lmframe: { outputs: Record<string, unknown> };
}

/** What a model says for each field it is asked for. */
const said: Readonly<Record<string, unknown>> = {
  answer: "The fuel pump was replaced.",
  citations: [1],
  reasoning: "",
  follow_up: "Test it on the ground.",
  urgency: "soon",
  search_query: "What was done when the fuel pump was leaking?",
};
const answer = (request: ChatBody) => answerFields(request, said);

const ask = (url: string, n: number, headers = {}) => post(`${url}/invocations`, { instances: [n] }, headers);

describe("lmframe serve", () => {
  test("SIGTERM in the middle loses no request that was taken", async () => {
    folder.write("slow.mjs", slow);
    const { child, done, url } = await served(["slow.mjs", "--concurrency", "20"]);
    const asked = Array.from({ length: 60 }, (_, n) => ask(url, n));
    // All are taken once the first is answered: the others have been waiting for as long.
    await Promise.race(asked);
    while (!/lmframe_requests_waiting [1-9]/.test(await (await fetch(`${url}/metrics`)).text()));
    child.kill("SIGTERM");
    const answers = await Promise.all(
      asked.map(async (answer) => ({ status: (await answer).status, body: await (await answer).json() })),
    );
    expect(answers).toEqual(
      answers.map((_, n) => ({ status: 200, body: { predictions: [{ twice: 2 * n, error: null }] } })),
    );
    expect((await done).code).toBe(0);
  });

  test.each([
    { flags: ["--track"], traces: true },
    { flags: ["--track", "--trace-share", "0"], traces: false },
    { flags: [], traces: false },
  ])("$flags: calls are traced: $traces", async ({ flags, traces }) => {
    folder.write("slow.mjs", slow);
    const sent: Buffer[] = [];
    const collector = createServer((request, response) => {
      request.on("data", (piece: Buffer) => sent.push(piece)).on("end", () => response.end());
    }).listen(0, "127.0.0.1");
    await once(collector, "listening");
    const { child, done, url } = await served(["slow.mjs", ...flags], {
      LMFRAME_HOME: `${folder.path}/home`,
      // Away: the figures wait on disk.
      MLFLOW_TRACKING_URI: "http://127.0.0.1:9",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    });
    expect((await ask(url, 1)).status).toBe(200);
    child.kill("SIGTERM");
    expect((await done).code).toBe(0);
    collector.close();
    expect(Buffer.concat(sent).includes("Slow")).toBe(traces);
  });

  test("--stop-seconds: who is not answered by then is told so", async () => {
    folder.write("slow.mjs", slow.replace("300", "60_000"));
    const { child, done, url } = await served(["slow.mjs", "--concurrency", "1", "--stop-seconds", "0"]);
    const asked = [1, 2].map((n) => ask(url, n));
    while (!(await (await fetch(`${url}/metrics`)).text()).includes("lmframe_requests_waiting 1"));
    child.kill("SIGTERM");
    for (const answer of await Promise.all(asked))
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringMatching(/server stopped/)]);
    expect((await done).code).toBe(0);
  });

  test("tokens are added, listed, revoked, and hold at once", async () => {
    folder.write("slow.mjs", slow);
    const env = { LMFRAME_HOME: `${folder.path}/home` };
    const lmframe = (...args: string[]) => command(["tokens", ...args], { cwd: folder.path, env });
    const { child, done, url } = await served(["slow.mjs", "--tokens"], env);
    expect((await ask(url, 1)).status).toBe(401);
    const token = (await lmframe("add", "ana", "--group", "mechanics")).stdout.trim();
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask(url, 1, headers)).status).toBe(200);
    const listed = await lmframe("list");
    expect(listed.stdout).toMatch(/ana\s+mechanics\s+\S+\s+holds/);
    expect(listed.stdout).not.toContain(token);
    expect((await lmframe("revoke", token.split("_")[1]!)).code).toBe(0);
    expect((await ask(url, 1, headers)).status).toBe(401);
    expect(existsSync(join(env.LMFRAME_HOME, ".gitignore"))).toBe(true);
    expect((await lmframe("add", "ana", "--group", "m", "--expires", "2020-01-01")).stderr).toContain(
      "one to come",
    );
    child.kill("SIGTERM");
    await done;
  });

  test("the chatbot answers each caller from the entries of their groups", async () => {
    const endpoint = await startEndpoint({ reply: answer });
    const env = {
      LMFRAME_HOME: join(folder.path, "home"),
      OPENAI_BASE_URL: endpoint.baseURL,
      OPENAI_API_KEY: "none",
    };
    const lmframe = (...args: string[]) => command(args, { cwd: folder.path, env });
    folder.write(
      "log.csv",
      "entry,problem,action\nA1,FUEL PUMP LEAKING,PUMP REPL'D\nA2,NOSE TIRE WORN,NEW TIRE",
    );
    await lmframe("index", "log.csv", "--to", "log", "--group", "mechanics", "--text", "problem");
    const tokenOf = async (group: string) =>
      (await lmframe("tokens", "add", group, "--group", group)).stdout.trim();
    const [mechanic, pilot] = [await tokenOf("mechanics"), await tokenOf("pilots")];
    const { child, done, url } = await served(["chatbot", "--index", "log", "--tokens"], env);
    const chat = async (token: string) => {
      const messages = [
        { role: "user", content: "Which pump leaked?" },
        { role: "assistant", content: "The fuel pump." },
        { role: "user", content: "What was done when the fuel pump was leaking?" },
      ];
      const headers = { authorization: `Bearer ${token}` };
      return (await (await post(`${url}/v1/chat/completions`, { messages }, headers)).json()) as Completion;
    };
    const seen = await chat(mechanic);
    expect(seen.choices[0]!.message.content).toBe("The fuel pump was replaced.");
    expect(seen.lmframe.outputs).toMatchObject({
      answered: true,
      citations: [{ id: "A1" }],
      urgency: "soon",
    });
    const unseen = await chat(pilot);
    expect(unseen.lmframe.outputs).toMatchObject({ answered: false, citations: [] });
    expect(JSON.stringify(unseen)).not.toMatch(/replaced|A1|PUMP/);
    child.kill("SIGTERM");
    expect((await done).code).toBe(0);
    await endpoint.close();
  });

  test("--improve: what was rated well makes a better version answer", { timeout: 240_000 }, async () => {
    const task = new TicketTask({ shares: { jargon: 0.4 } });
    const endpoint = await startEndpoint({ reply: (request) => task.reply(request) });
    const env = {
      LMFRAME_HOME: join(folder.path, "home"),
      OPENAI_BASE_URL: endpoint.baseURL,
      OPENAI_API_KEY: "none",
    };
    await task.program().save(join(folder.path, "tickets.json"));
    const log = new FeedbackLog(join(env.LMFRAME_HOME, "serving", "feedback.jsonl"));
    for (const { text, label } of task.rows(120, 1).rows())
      await log.add({ question: String(text), answer: String(label), rating: 5, timestamp: "2026-01-01" });
    const { child, done, url } = await served(["tickets.json", "--improve"], env);
    const version = async () => {
      const { improvement } = (await (await fetch(`${url}/monitor/figures`)).json()) as {
        improvement: { version: number };
      };
      return improvement.version;
    };
    while ((await version()) === 0) await pause(200);
    const row = task.rows(50, 9).rows().find(({ text }) => String(text).includes("such a"))!; // prettier-ignore
    const answer = await (await post(`${url}/invocations`, { instances: [row.text] })).json();
    expect(answer).toEqual({ predictions: [{ label: row.label, error: null }] });
    expect(existsSync(join(env.LMFRAME_HOME, "serving", "tickets.improvement", "state.json"))).toBe(true);
    child.kill("SIGTERM");
    const { code, stderr } = await done;
    expect([code, stderr.includes("version 1: promoted")]).toEqual([0, true]);
    await endpoint.close();
  });

  test("says what is missing", async () => {
    folder.write("slow.mjs", slow);
    const at = (...args: string[]) => command(["serve", ...args], { cwd: folder.path });
    expect((await at("slow.mjs", "--host", "0.0.0.0")).stderr).toContain("tokens");
    expect((await at("chatbot")).stderr).toContain("--index");
    expect((await at("slow.mjs", "--index", "none")).stderr).toContain('no index "none"');
  });
});
