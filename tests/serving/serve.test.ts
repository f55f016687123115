import { setTimeout as pause } from "node:timers/promises";
import OpenAI from "openai";
import { describe, expect, test, vi } from "vitest";
import {
  ConfigurationError,
  DataError,
  ParseError,
  RateLimitError,
  UnreachableError,
} from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";
import { RobustPipeline, serve } from "../../src/serving/index.ts";
import { type History, signature } from "../../src/signature/index.ts";
import { eventsOf, post, useServer } from "./served.ts";

const here = useServer();

/** Adds, and takes exception to some numbers. */
class Sum extends Module {
  static override signature = signature("a: int, b: int, note: Optional[str] -> sum: int");
  async forward({ a, b }: { a: number; b: number }) {
    if (a === 13) throw new ParseError("unlucky", { completion: "no" });
    return { sum: a + b };
  }
}

const rows = [{ a: 1, b: 2 }, { a: 13, b: 1 }, { a: 40, b: 2 }]; // prettier-ignore
const sums = [
  { sum: 3, error: null },
  { sum: null, error: "ParseError: the model's answer could not be read" },
  { sum: 42, error: null },
];

describe("MLflow's protocol", () => {
  test.each([
    ["records", { dataframe_records: rows }],
    ["split", { dataframe_split: { columns: ["b", "a"], data: rows.map(({ a, b }) => [b, a]) } }],
    ["instances", { instances: rows }],
    ["inputs by column", { inputs: { a: rows.map(({ a }) => a), b: rows.map(({ b }) => b) } }],
    ["inputs by row", { inputs: rows }],
    ["numbers as text", { instances: rows.map(({ a, b }) => ({ a: String(a), b })) }],
  ])("%s", async (_, body) => {
    const { url } = await here.serve(new Sum());
    const response = await post(`${url}/invocations`, body);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ predictions: sums });
  });

  test("an only input needs no name", async () => {
    class Upper extends Module {
      static override signature = signature("text -> upper");
      async forward({ text }: { text: string }) {
        return { upper: text.toUpperCase() };
      }
    }
    const { url } = await here.serve(new Upper());
    const answer = await (await post(`${url}/invocations`, { instances: ["a", "b"] })).json();
    expect(answer).toEqual({ predictions: [{ upper: "A", error: null }, { upper: "B", error: null }] }); // prettier-ignore
  });

  test.each([
    ["no form", {}, /exactly one of/],
    ["two forms", { inputs: [], instances: [] }, /found instances and inputs/],
    ["no JSON", "{", /no JSON/],
    ["a list", [], /JSON object/],
    ["rows that are none", { dataframe_records: [1] }, /list of objects/],
    ["a row too short", { dataframe_split: { columns: ["a", "b"], data: [[1]] } }, /1 values for 2 columns/],
    ["columns of two lengths", { inputs: { a: [1], b: [] } }, /one length/],
    ["a missing input", { instances: [{ a: 1, b: 1 }, { a: 1, c: 1 }] }, /row 2, column "b".*missing/], // prettier-ignore
    ["another type", { instances: [{ a: "many", b: 1 }] }, /row 1, column "a"/],
    ["an unnamed value of several", { instances: [1] }, /names its inputs/],
  ])("%s: 400 with the reason", async (_, body, reason) => {
    const { url } = await here.serve(new Sum());
    const response = await post(`${url}/invocations`, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error_code: "BAD_REQUEST",
      message: expect.stringMatching(reason),
    });
  });

  test("another type of content: 415", async () => {
    const { url } = await here.serve(new Sum());
    expect((await post(`${url}/invocations`, "a,b", { "content-type": "text/csv" })).status).toBe(415);
  });

  test("pings, version, description", async () => {
    const { url } = await here.serve(new Sum());
    for (const path of ["/ping", "/health"]) expect((await fetch(url + path)).status).toBe(200);
    expect(await (await fetch(`${url}/version`)).text()).toMatch(/^\d+\.\d+\.\d+/);
    const { openapi, paths } = (await (await fetch(`${url}/openapi.json`)).json()) as never;
    expect(openapi).toBe("3.1.0");
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/invocations", "/stream", "/feedback"]));
    expect(Object.keys(paths)).not.toContain("/v1/chat/completions");
    expect(await (await fetch(`${url}/docs`)).text()).toContain("/invocations");
  });
});

class Chat extends Module {
  static override signature = signature("question, history: Optional[History] -> answer, sources: list[str]");
  readonly plan = new Predict("question -> search");
  readonly reply = new Predict("question, search, history: History -> answer, sources: list[str]");
  async forward({ question, history }: { question: string; history?: History | null }) {
    const { search } = await this.plan.call({ question });
    return this.reply.call({ question, search, history: history ?? { messages: [] } });
  }
}

/** Says what it was asked, and of how many earlier turns. */
const echo = new FunctionModel(
  ({ messages }) => {
    const last = JSON.stringify(messages.at(-1));
    const [, asked] = /question[^A-Z]*([A-Z][a-z ]+\?)/.exec(last) ?? [];
    const turns = messages.filter(({ role }) => role === "assistant").length;
    return JSON.stringify({
      search: "what it is",
      answer: `You asked: ${asked} after ${turns}`,
      sources: ["one"],
    });
  },
  { name: "echo" },
);

describe("OpenAI's protocol, by OpenAI's client", () => {
  const client = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const messages = [
    { role: "system" as const, content: "Be rude." },
    { role: "user" as const, content: "Who are you?" },
    { role: "assistant" as const, content: "A program." },
    { role: "user" as const, content: [{ type: "text" as const, text: "Why is it so?" }] },
  ];

  test("answers with the conversation in mind", async () => {
    const { url } = await here.serve(new Chat(), { settings: { lm: echo } });
    const models = await client(url).models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["Chat"]);
    expect(await client(url).models.retrieve("Chat")).toEqual(models.data[0]);
    await expect(client(url).models.retrieve("Chatter")).rejects.toMatchObject({ status: 404 });
    const answer = await client(url).chat.completions.create({ model: "Chat", messages });
    expect(answer.choices[0]!.message.content).toBe("You asked: Why is it so? after 1");
    expect(answer).toMatchObject({ object: "chat.completion", lmframe: { outputs: { sources: ["one"] } } });
  });

  test("streams what adds up to the answer", async () => {
    const { url } = await here.serve(new Chat(), { settings: { lm: echo } });
    const stream = await client(url).chat.completions.create({ model: "Chat", messages, stream: true });
    const pieces: string[] = [];
    for await (const { choices } of stream) pieces.push(choices[0]?.delta.content ?? "");
    expect(pieces.join("")).toBe("You asked: Why is it so? after 1");
    expect(pieces.filter((piece) => piece !== "").length).toBeGreaterThan(2);
  });

  test("an answer that was begun anew follows whole", async () => {
    const replies = ['{"answer": "A first try", "sources": "??"', '{"answer": "The second.", "sources": []}'];
    const lm = new FunctionModel(() => replies.shift()!);
    const { url } = await here.serve(new Predict("question -> answer, sources: list[str]"), {
      settings: { lm },
    });
    const stream = await client(url).chat.completions.create({ model: "x", messages, stream: true });
    let text = "";
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
    expect(text).toMatch(/\n\nThe second\.$/);
  });

  test("where streaming is off, nothing is sent before the program has ended", async () => {
    class Checked extends Chat {
      override async forward(inputs: { question: string }) {
        await super.forward(inputs);
        return { answer: "That is secret.", sources: [] };
      }
    }
    const { url } = await here.serve(new Checked(), { stream: false, settings: { lm: echo } });
    const chat = await (await post(`${url}/v1/chat/completions`, { messages, stream: true })).text();
    const followed = await (await post(`${url}/stream`, { question: "Why is it so?" })).text();
    for (const text of [chat, followed]) {
      expect(text).toContain("That is secret.");
      expect(text).not.toContain("You asked");
    }
  });

  test("says what is wrong in OpenAI's form", async () => {
    const { url } = await here.serve(new Chat(), { settings: { lm: echo } });
    const wrong = client(url).chat.completions.create({ model: "Chat", messages: [] });
    await expect(wrong).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/nothing is asked/),
    });
    const sum = await here.serve(new Sum());
    const silent = client(sum.url).chat.completions.create({ model: "Sum", messages });
    await expect(silent).rejects.toThrow(/cannot be talked to/);
  });
});

describe("a stream", () => {
  test("tells steps and fields as they come, and the outputs last", async () => {
    const { url } = await here.serve(new Chat(), { settings: { lm: echo } });
    const response = await post(`${url}/stream`, { question: "Why is it so?" });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const events = (await eventsOf(response)).map(({ event, data }) => ({ event, data: JSON.parse(data) }));
    const fields = events.filter(({ event, data }) => event === "field" && data.field === "answer");
    expect(fields.map(({ data }) => data.delta).join("")).toBe("You asked: Why is it so? after 0");
    const models = events.filter(({ event, data }) => event === "step" && data.kind === "model");
    expect(models.map(({ data }) => data.state)).toEqual(["started", "ended", "started", "ended"]);
    expect(events.at(-1)).toEqual({
      event: "result",
      data: { answer: "You asked: Why is it so? after 0", sources: ["one"] },
    });
  });

  test("callers side by side follow their own call alone", async () => {
    const { url } = await here.serve(new Chat(), { settings: { lm: echo } });
    const asked = ["Why?", "Who are you?", "Where is it?", "What for?"];
    const answers = await Promise.all(
      asked.map(async (question) => eventsOf(await post(`${url}/stream`, { question }))),
    );
    for (const [place, events] of answers.entries()) {
      expect(events.filter(({ event }) => event === "step").length).toBe(10);
      expect(events.at(-1)!.data).toContain(`You asked: ${asked[place]}`);
    }
  });

  test("a failure is its last event", async () => {
    const lm = new FunctionModel(() => {
      throw new UnreachableError("http://10.0.0.7:8000 is down");
    });
    const { url } = await here.serve(new Chat(), { settings: { lm } });
    const events = await eventsOf(await post(`${url}/stream`, { question: "Why?" }));
    expect(events.at(-1)!.event).toBe("error");
    expect(events.at(-1)!.data).toContain("BAD_GATEWAY");
    expect(events.at(-1)!.data).not.toContain("10.0.0.7");
  });

  test.each(["/stream", "/invocations", "/v1/chat/completions"])(
    "a caller of %s that leaves ends the call",
    async (path) => {
      let begun: () => void = () => undefined;
      let aborted: () => void = () => undefined;
      const asked = new Promise<void>((resolve) => (begun = resolve));
      const ended = new Promise<void>((resolve) => (aborted = resolve));
      const lm = new FunctionModel(
        (_, { signal }) =>
          new Promise((_resolve, reject) => {
            begun();
            signal!.addEventListener("abort", () => {
              aborted();
              reject(signal!.reason as Error);
            });
          }),
      );
      const { url } = await here.serve(new Chat(), { settings: { lm } });
      const question = "Why?";
      const messages = [{ role: "user", content: question }];
      const controller = new AbortController();
      const left = fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          question,
          messages,
          stream: true,
          ...(path === "/invocations" && { instances: [{ question }] }),
        }),
        signal: controller.signal,
      }).then((response) => response.text());
      await asked;
      controller.abort();
      await expect(left).rejects.toThrow();
      await ended;
    },
  );
});

/** Waits for the gate, and counts who is in. */
class Slow extends Module {
  static override signature = signature("n: int -> n_squared: int");
  readonly counts = new Counts();
  async forward({ n }: { n: number }) {
    this.counts.running++;
    this.counts.most = Math.max(this.counts.most, this.counts.running);
    await this.counts.wait();
    this.counts.running--;
    return { n_squared: n * n };
  }
}

class Counts {
  running = 0;
  most = 0;
  wait: () => Promise<unknown> = () => pause(50);
}

const square = (url: string, n: number) => post(`${url}/invocations`, { instances: [n] });

describe("many at once", () => {
  test("500 callers over a program of 50 ms: all are answered, no more at work than allowed", async () => {
    const program = new Slow();
    const { url } = await here.serve(program, { limits: { concurrency: 100 } });
    const answers = await Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        const response = await square(url, n);
        return { status: response.status, body: await response.json() };
      }),
    );
    expect(answers).toEqual(
      answers.map((_, n) => ({ status: 200, body: { predictions: [{ n_squared: n * n, error: null }] } })),
    );
    expect(program.counts.most).toBeLessThanOrEqual(100);
  });

  test("beyond the queue 503 at once, and those within it are answered", async () => {
    const program = new Slow();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    program.counts.wait = () => gate;
    const { url } = await here.serve(program, { limits: { concurrency: 2, queue: 3 } });
    const asked = Array.from({ length: 10 }, (_, n) => square(url, n));
    // While the gate is shut only those turned away can be answered.
    const first: Response[] = [];
    await new Promise<void>((resolve) => {
      for (const answer of asked)
        void answer.then((response) => {
          first.push(response);
          if (first.length === 5) resolve();
        });
    });
    expect(first.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
    expect(Number(first[0]!.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    open();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(5);
    expect(program.counts.most).toBe(2);
  });

  test("a program that hangs: 504 for the caller, and those that wait too long 503", async () => {
    const program = new Slow();
    program.counts.wait = () => new Promise(() => undefined);
    const { url } = await here.serve(program, { limits: { concurrency: 1, seconds: 0.3, stopSeconds: 0.1 } });
    const hung = square(url, 1);
    await pause(100);
    const waited = square(url, 2);
    expect((await hung).status).toBe(504);
    expect((await waited).status).toBe(503);
  });

  test("whoever asks too often gets 429 with a time to wait", async () => {
    const { url } = await here.serve(new Sum(), { limits: { requestsPerMinute: 60 } });
    const statuses: number[] = [];
    let last: Response;
    do {
      last = await post(`${url}/invocations`, { instances: [] });
      statuses.push(last.status);
    } while (last.status === 200 && statuses.length < 200);
    expect(statuses.length).toBeGreaterThan(10);
    expect(last.status).toBe(429);
    expect(last.headers.get("retry-after")).toBe("1");
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test("a body too large: 413, announced or not", async () => {
    const { url } = await here.serve(new Sum(), { limits: { bodyBytes: 1000 } });
    const body = JSON.stringify({ instances: Array.from({ length: 200 }, () => ({ a: 1, b: 1 })) });
    expect((await post(`${url}/invocations`, body)).status).toBe(413);
    const stream = new Blob([body]).stream();
    const headers = { "content-type": "application/json" };
    const options = { method: "POST", headers, body: stream, duplex: "half" } as RequestInit;
    expect((await fetch(`${url}/invocations`, options)).status).toBe(413);
  });

  test("stopping finishes what was taken, and turns away what comes", async () => {
    const program = new Slow();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    program.counts.wait = () => gate;
    const server = await here.serve(program, { limits: { concurrency: 5 } });
    const asked = Array.from({ length: 20 }, (_, n) => square(server.url, n));
    while (program.counts.running < 5) await pause(10);
    await pause(100);
    const closed = server.close();
    expect((await square(server.url, 99)).status).toBe(503);
    expect((await fetch(`${server.url}/health`)).status).toBe(503);
    open();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200));
    await closed;
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  test("what is not finished by the end of a stop gets 503 that says so, and what waits never begins", async () => {
    const program = new Slow();
    program.counts.wait = () => new Promise(() => undefined);
    const server = await here.serve(program, { limits: { concurrency: 2, stopSeconds: 0.2 } });
    const asked = Array.from({ length: 6 }, (_, n) => square(server.url, n));
    while (program.counts.running < 2) await pause(10);
    await pause(100);
    await server.close();
    for (const answer of await Promise.all(asked)) {
      expect(answer.status).toBe(503);
      expect(await answer.text()).toContain("the server stopped before the request was finished");
    }
    expect(program.counts.running).toBe(2);
  });

  test("by default whatever was taken is given as long as it may wait and take", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const program = new Slow();
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      program.counts.wait = () => gate;
      const server = await here.serve(program, { limits: { concurrency: 1 } });
      const asked = [1, 2, 3].map((n) => square(server.url, n));
      while (!(await (await fetch(`${server.url}/metrics`)).text()).includes("lmframe_requests_waiting 2"));
      const closed = server.close();
      vi.advanceTimersByTime(110_000);
      open();
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200]);
      vi.useRealTimers();
      await closed;
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("what went wrong", () => {
  const failing = (error: Error) =>
    new (class Failing extends Module {
      static override signature = signature("question -> answer");
      async forward(): Promise<{ answer: string }> {
        throw error;
      }
    })();

  test.each([
    [new UnreachableError("secret address"), 502],
    [new ParseError("secret reply", { completion: "" }), 502],
    [new RateLimitError("secret", { retryAfter: 7 }), 503],
    [new ConfigurationError("secret path"), 500],
    [new TypeError("secret"), 500],
    [new DataError("no such column", { file: "/home/secret/prices.csv" }), 500],
  ])("%s", async (error, status) => {
    const { url } = await here.serve(failing(error));
    const response = await post(`${url}/v1/chat/completions`, { messages: [{ role: "user", content: "?" }] });
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain("secret");
    if (status === 503) expect(response.headers.get("retry-after")).toBe("7");
    else expect(here.logged.join()).toContain("secret");
  });

  test("a port that is taken, a name that is none, a host without tokens", async () => {
    const { port } = await here.serve(new Sum());
    await expect(here.serve(new Sum(), { port })).rejects.toThrow(ConfigurationError);
    await expect(serve(new Sum(), { port: 0, host: "0.0.0.0" })).rejects.toThrow(/tokens/);
    class Unsigned extends Module {
      async forward() {
        return {};
      }
    }
    await expect(here.serve(new Unsigned())).rejects.toThrow(/signature/);
  });
});

describe("feedback and figures", () => {
  test("feedback is kept and counted; what is none is turned away", async () => {
    const { url, monitor } = await here.serve(new Chat(), { principal: { id: "ana", groups: ["g"] } });
    const sent = {
      question: "Why?",
      answer: "So.",
      rating: 5,
      context: ["a"],
      principal: { id: "eve", groups: ["x"] },
    };
    expect((await post(`${url}/feedback`, sent)).status).toBe(201);
    await Promise.all([1, 2, 3].map((rating) => post(`${url}/feedback`, { ...sent, rating })));
    const kept = [...here.feedback().read()];
    expect(kept[0]).toEqual({
      question: "Why?", answer: "So.", rating: 5, context: ["a"], timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      principal: { id: "ana", groups: ["g"] },
    }); // prettier-ignore
    expect(kept.map(({ rating }) => rating).sort()).toEqual([1, 2, 3, 5]);
    expect(monitor.totals().score).toEqual({ count: 4, mean: 11 / 4 });
    for (const bad of [
      { ...sent, rating: 6 },
      { ...sent, rating: "5" },
      { rating: 5 },
      { ...sent, comment: 1 },
    ])
      expect((await post(`${url}/feedback`, bad)).status).toBe(400);
    expect([...here.feedback().read()].length).toBe(4);
  });

  test("a chain's falls are seen, also of one within the program that is served", async () => {
    class Down extends Sum {
      override async forward(): Promise<never> {
        throw new UnreachableError("down");
      }
    }
    class Holder extends Sum {
      readonly chain = new RobustPipeline([new Down(), new Sum()]);
      override async forward(inputs: { a: number; b: number }) {
        return (await this.chain.call(inputs)) as { sum: number };
      }
    }
    for (const program of [new RobustPipeline([new Down(), new Sum()]), new Holder()]) {
      const { url } = await here.serve(program);
      await post(`${url}/invocations`, { instances: [rows[0], rows[2]] });
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(text).toContain('lmframe_chain_answered_total{chain="0",program="1"} 2\n');
      expect(text).toContain('lmframe_chain_fallbacks_total{chain="0",reason="error"} 2\n');
      expect(text).toContain('lmframe_chain_unanswered_total{chain="0"} 0\n');
      const figures = await (await fetch(`${url}/monitor/figures`)).json();
      expect(figures).toMatchObject({ chains: [{ calls: 2, answered: [0, 2] }] });
      expect((figures as { rows: unknown[] }).rows).toEqual(
        expect.arrayContaining([
          ["answered by", "program 1 0, program 2 2, none 0", "-"],
          ["passed over for", "error 2", "-"],
        ]),
      );
    }
  });

  test("Prometheus and the monitor see the same", async () => {
    const { url } = await here.serve(new Sum());
    await post(`${url}/invocations`, { instances: rows });
    await post(`${url}/invocations`, {});
    await fetch(`${url}/nothing/"here`);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('lmframe_http_requests_total{route="/invocations",status="200"} 1\n');
    expect(text).toContain('lmframe_http_requests_total{route="/invocations",status="400"} 1\n');
    expect(text).toContain('lmframe_http_requests_total{route="other",status="404"} 1\n');
    expect(text).toContain('lmframe_http_request_duration_seconds_count{route="/invocations"} 2\n');
    expect(text).toContain('lmframe_program_errors_total{kind="ParseError"} 1\n');
    for (const line of text.trim().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) lmframe_\w+ .+|lmframe_\w+(\{(\w+="[^"]*",?)+\})? [\d.e+-]+)$/);
    const figures = await (await fetch(`${url}/monitor/figures`)).json();
    expect(figures).toMatchObject({ totals: { calls: 3, failed: 1 }, running: 0, waiting: 0 });
  });
});
