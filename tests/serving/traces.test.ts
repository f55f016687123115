import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Module } from "../../src/modules/index.ts";
import type { ServedProgram } from "../../src/serving/index.ts";
import { type History, signature } from "../../src/signature/index.ts";
import { startTracing, type Tracing } from "../../src/tracking/index.ts";
import { realMlflow } from "../tracking/real-mlflow.ts";
import { tracesOf } from "../tracking/stored-traces.ts";
import { post, useServer } from "./served.ts";

const mlflowServer = realMlflow();
const here = useServer();
let tracing: Tracing;

beforeEach(() => {
  tracing = startTracing();
});
afterEach(() => tracing.stop());

class Counter extends Module {
  static override signature = signature("question, history: Optional[History] -> answer");
  async forward({ question, history }: { question: string; history?: History | null }) {
    return { answer: `${question} after ${history?.messages.length ?? 0}` };
  }
}

/** A server for Ana and Ben, and what each of them sends along. */
async function forTwo(): Promise<
  ServedProgram & { ana: Record<string, string>; ben: Record<string, string> }
> {
  const tokens = here.tokens();
  const bearer = async (id: string) => ({
    authorization: `Bearer ${await tokens.add({ principal: { id, groups: ["staff"] } })}`,
  });
  const [ana, ben] = [await bearer("ana"), await bearer("ben")];
  return { ...(await here.serve(new Counter(), { tokens })), ana, ben };
}

const chat = (url: string, question: string, headers: Record<string, string>, more: object = {}) =>
  post(`${url}/v1/chat/completions`, { messages: [{ role: "user", content: question }], ...more }, headers);

/** Session and user of each trace there is, by what was asked. */
async function sessions(): Promise<Record<string, (string | undefined)[]>> {
  await tracing.flush();
  const traces = await tracesOf(mlflowServer);
  return Object.fromEntries(
    traces.map(({ request_preview, trace_metadata }) => [
      (JSON.parse(request_preview) as { question: string }).question,
      [trace_metadata["mlflow.trace.session"], trace_metadata["mlflow.trace.user"]],
    ]),
  );
}

describe("the session of a served conversation", () => {
  test("turns of a conversation share it, with their user; of other callers and conversations they do not", async () => {
    const { url, ana, ben } = await forTwo();
    const conversation = { "x-conversation-id": "sk-abcdefghijklmnopqrstuv" };
    await chat(url, "first", { ...ana, ...conversation });
    await (await chat(url, "second", { ...ana, ...conversation }, { stream: true })).text();
    await (await post(`${url}/stream`, { question: "third" }, { ...ana, ...conversation })).text();
    await post(`${url}/invocations`, { instances: ["fourth"] }, { ...ana, ...conversation });
    await chat(url, "of ben", { ...ben, ...conversation });
    await chat(url, "of another", { ...ana, "x-conversation-id": "local:other.1" });
    await chat(url, "of none", { ...ana, "x-conversation-id": "" });
    const { first, second, third, fourth, ...others } = await sessions();
    expect(first).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), "ana"]);
    expect([second, third, fourth]).toEqual([first, first, first]);
    expect(others["of ben"]![1]).toBe("ben");
    expect(others["of another"]![1]).toBe("ana");
    expect(others["of none"]).toEqual([undefined, undefined]);
    expect(new Set([first!, ...Object.values(others)].map(([session]) => session)).size).toBe(4);
  });

  test("without tokens nobody is its user", async () => {
    const { url } = await here.serve(new Counter());
    await chat(url, "who?", { "x-conversation-id": "one" });
    expect((await sessions())["who?"]).toEqual([expect.any(String), undefined]);
  });

  test.each(["a b", "{{CONVERSATION}}", "x".repeat(129), "a,b", "%00", "' OR 1=1"])(
    "no name of a conversation: %s",
    async (name) => {
      const { url } = await here.serve(new Counter());
      for (const [path, body] of Object.entries({
        "/v1/chat/completions": { messages: [{ role: "user", content: "?" }] },
        "/stream": { question: "?" },
        "/invocations": { instances: ["?"] },
      })) {
        const refused = await post(url + path, body, { "x-conversation-id": name });
        expect(refused.status).toBe(400);
        expect(await refused.text()).toContain("malformed x-conversation-id");
      }
    },
  );
});
