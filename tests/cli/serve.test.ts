import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { post } from "../serving/served.ts";
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
    expect((await lmframe("add", "ana", "--group", "m", "--expires", "2020-01-01")).stderr).toContain(
      "one to come",
    );
    child.kill("SIGTERM");
    await done;
  });

  test("says what is missing", async () => {
    folder.write("slow.mjs", slow);
    const at = (...args: string[]) => command(["serve", ...args], { cwd: folder.path });
    expect((await at("slow.mjs", "--host", "0.0.0.0")).stderr).toContain("tokens");
    expect((await at("chatbot")).stderr).toContain("--index");
    expect((await at("slow.mjs", "--index", "none")).stderr).toContain('no index "none"');
  });
});
