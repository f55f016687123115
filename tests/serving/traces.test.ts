import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Module } from "../../src/modules/index.ts";
import type { ServedProgram } from "../../src/serving/index.ts";
import { type History, signature } from "../../src/signature/index.ts";
import { startTracing, type Tracing } from "../../src/tracking/index.ts";
import { realMlflow } from "../tracking/real-mlflow.ts";
import { useBrowser } from "../support/browser.ts";
import { assessmentsOf, tracesOf } from "../tracking/stored-traces.ts";
import { post, useServer } from "./served.ts";

const mlflowServer = realMlflow();
const here = useServer();
const browser = useBrowser();
let tracing: Tracing;

beforeEach(() => {
  tracing = startTracing();
});
afterEach(async () => {
  await tracing.stop();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

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

describe("feedback on a trace", () => {
  const traceOf = (answer: Response) => answer.headers.get("x-lmframe-trace");
  const rated = (trace: unknown, more: object = {}) => ({
    question: "q",
    answer: "a",
    rating: 5,
    trace,
    ...more,
  });
  const judgements = (trace: string | null) => assessmentsOf(mlflowServer, trace!);

  test("each answer names its trace, and the rating is there, with who rated", async () => {
    const server = await forTwo();
    const { url, ana, ben } = server;
    const asked = [
      await chat(url, "one", ana),
      await chat(url, "two", ana, { stream: true }),
      await post(`${url}/stream`, { question: "three" }, ana),
      await post(`${url}/invocations`, { instances: ["four"] }, ben),
    ];
    await Promise.all(asked.map((answer) => answer.text()));
    const [one, two, three, four] = asked.map(traceOf);
    expect((await post(`${url}/feedback`, rated(two, { comment: "as the book says" }), ana)).status).toBe(
      201,
    );
    expect((await post(`${url}/feedback`, rated(four, { rating: 2 }), ben)).status).toBe(201);
    await server.close();
    expect(await judgements(two!)).toMatchObject([
      {
        assessment_name: "rating",
        feedback: { value: 5 },
        rationale: "as the book says",
        source: { source_type: "HUMAN", source_id: "ana" },
      },
    ]);
    expect(await judgements(four!)).toMatchObject([{ feedback: { value: 2 }, source: { source_id: "ben" } }]);
    expect([await judgements(one!), await judgements(three!)]).toEqual([[], []]);
    const traces = await tracesOf(mlflowServer);
    expect(traces.map(({ trace_id, request_preview }) => [request_preview, trace_id])).toEqual(
      ["one", "two", "three", "four"].map((question, place) => [
        expect.stringContaining(question),
        [one, two, three, four][place],
      ]),
    );
    expect([...here.feedback().read()].map(({ trace }) => trace)).toEqual([two, four]);
  });

  test("without tokens it is of somebody unknown", async () => {
    const server = await here.serve(new Counter());
    const { url } = server;
    const trace = traceOf(await chat(url, "?", {}));
    await post(`${url}/feedback`, rated(trace));
    await server.close();
    expect(await judgements(trace)).toMatchObject([{ source: { source_id: "anonymous" } }]);
  });

  test("nobody judges a trace of others, nor learns whether there is one", async () => {
    const { url, ana, ben } = await forTwo();
    const trace = traceOf(await chat(url, "?", ana));
    const refused = await Promise.all(
      [trace, `tr-${"0".repeat(32)}`, "../../runs", ""].map((named) =>
        post(`${url}/feedback`, rated(named), ben),
      ),
    );
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    const words = await Promise.all(
      refused.map(async (one) => ((await one.json()) as { message: string }).message),
    );
    expect(new Set(words).size).toBe(1);
    expect((await post(`${url}/feedback`, rated(7), ana)).status).toBe(400);
    expect([...here.feedback().read()]).toEqual([]);
    await tracing.flush();
    expect(await judgements(trace)).toEqual([]);
  });

  test("MLflow away: the feedback is taken and kept, and the log says what is missing", async () => {
    const server = await here.serve(new Counter());
    const { url } = server;
    const trace = traceOf(await chat(url, "?", {}));
    mlflowServer.proxy.reset(() => "refuse");
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    expect((await post(`${url}/feedback`, rated(trace))).status).toBe(201);
    await server.close();
    expect([...here.feedback().read()]).toMatchObject([{ rating: 5, trace }]);
    expect(here.logged).toEqual([
      expect.stringMatching(`a rating is not on its trace ${trace}: .*cannot be reached`),
    ]);
  });

  test("an answer names its trace where it is kept, whatever else is asked meanwhile", async () => {
    await tracing.stop();
    tracing = startTracing({ sample: 0.5 });
    const { url } = await here.serve(new Counter());
    const named = await Promise.all(
      Array.from({ length: 40 }, async (_, place) => [
        traceOf(await chat(url, `q${place}`, {})),
        `q${place}`,
      ]),
    );
    await tracing.flush();
    const stored = (await tracesOf(mlflowServer)).map(({ trace_id, request_preview }) => [
      trace_id,
      (JSON.parse(request_preview) as { question: string }).question,
    ]);
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThan(40);
    expect(stored.sort()).toEqual(named.filter(([trace]) => trace !== null).sort());
  });

  test("none is named for several rows, uploads, a collector of others, and without tracing", async () => {
    const change = {
      added: 1,
      updated: 0,
      deleted: 0,
      unchanged: 0,
      embedded: 1,
      failed: 0,
      failures: [],
      seconds: 0,
    };
    const index = { upload: () => Promise.resolve(change) };
    const { url } = await here.serve(new Counter(), { index, principal: { id: "ana", groups: ["staff"] } });
    expect(traceOf(await post(`${url}/invocations`, { instances: ["a", "b"] }))).toBeNull();
    const form = new FormData();
    form.append("file", new File(["text"], "a.txt"));
    const uploaded = await fetch(`${url}/documents`, { method: "POST", body: form });
    expect([uploaded.status, traceOf(uploaded)]).toEqual([200, null]);
    vi.stubEnv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9");
    expect(traceOf(await chat(url, "?", {}))).toBeNull();
    vi.unstubAllEnvs();
    await tracing.stop();
    expect(traceOf(await chat(url, "?", {}))).toBeNull();
  });

  test("the page's conversation is a session, and its thumbs judge the answers, also of a server before", async () => {
    const first = await here.serve(new Counter());
    const page = await browser().newPage();
    await page.goto(first.url);
    const ask = async (question: string, answer: string) => {
      await page.locator("#question").fill(question);
      await page.keyboard.press("Enter");
      await page.getByText(answer, { exact: true }).waitFor();
    };
    await ask("one", "one after 0");
    await ask("two", "two after 1");
    await page.getByRole("button", { name: "Bad answer" }).last().click();
    await page.getByText("Thank you.").waitFor();
    await first.close();
    await tracing.flush();
    const [one, two] = await tracesOf(mlflowServer);
    expect(await judgements(one!.trace_id)).toEqual([]);
    expect(await judgements(two!.trace_id)).toMatchObject([
      { assessment_name: "rating", feedback: { value: 1 } },
    ]);
    const session = one!.trace_metadata["mlflow.trace.session"];
    expect(session).toBeDefined();
    expect(two!.trace_metadata["mlflow.trace.session"]).toBe(session);
    await here.serve(new Counter(), { port: first.port });
    await page.getByRole("button", { name: "Good answer" }).first().click();
    await page.getByText("Thank you.").nth(1).waitFor();
    expect([...here.feedback().read()].map(({ rating, trace }) => [rating, trace])).toEqual([
      [1, two!.trace_id],
      [5, undefined],
    ]);
    await page.close();
  });
});
