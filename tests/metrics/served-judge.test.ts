import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  ConfigurationError,
  ModelError,
  ParseError,
  RateLimitError,
  RefusedError,
  UnreachableError,
} from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { judged, metricIdentity, readScore, ServedJudge } from "../../src/metrics/index.ts";
import { Predict, programIdentity } from "../../src/modules/index.ts";
import { BootstrapFewShot } from "../../src/optimizers/index.ts";
import { type FaultProxy, startFaultProxy } from "../tracking/fault-proxy.ts";
import { type ServedModel, serveModel } from "./served-model.ts";

const scale = { range: [1, 5], direction: "higher" } as const;
const scoring = { signature: "text -> rationale, score: float", ...scale } as const;
const quick = { firstWait: 0.01, longestWait: 0.01, attempts: 3 };

describe("a judge that MLflow serves", () => {
  let served: ServedModel;
  let proxy: FaultProxy;
  beforeAll(async () => {
    served = await serveModel(`
text = rows["text"].iloc[0]
forms = {
    "number": [4.5],
    "whole": [4],
    "text": ["4.5"],
    "record": pd.DataFrame({"score": [2], "rationale": ["too short"]}),
    "columns": {"score": [2], "rationale": ["too short"]},
    "other names": [{"value": "3", "why": "so"}],
    "without a reason": [{"score": 3, "rationale": None}],
    "list": [["too short", 2]],
    "matrix": [[3.5]],
    "plain": "4",
    "json": ['{"rationale": "said \\\\"NaN\\\\"", "score": 3}'],
    "nothing": [None],
    "no number": [float("nan")],
    "prose": ["about four or five"],
    "two": [4, 5],
    "three": [[1, 2, 3]],
    "probabilities": [[0.2, 0.8]],
    "off": [6],
    "another column": [{"quality": 3}],
}
if text in forms:
    return forms[text]
return [{"score": 5 if "because" in text else 2, "rationale": "gives a reason" if "because" in text else "gives none"}]`);
    proxy = await startFaultProxy(served.url);
  }, 240_000);
  afterAll(async () => {
    await proxy?.close();
    await served?.stop();
  });
  afterEach(() => proxy.reset());
  const judge = (options = {}) =>
    new ServedJudge<string>({ url: proxy.uri, retry: quick, ...scoring, ...options });

  test("says its score in any of the forms of a prediction", async () => {
    const reason = "too short";
    for (const [text, score, rationale] of [
      ["number", 4.5, ""],
      ["whole", 4, ""],
      ["text", 4.5, ""],
      ["record", 2, reason],
      ["columns", 2, reason],
      ["without a reason", 3, ""],
      ["list", 2, reason],
      ["matrix", 3.5, ""],
      ["plain", 4, ""],
      ["json", 3, 'said "NaN"'],
    ] as const) {
      expect(await judge().call({ text }), text).toEqual({ score, rationale });
    }
    const renamed = judge({ columns: { score: "value", rationale: "why" } });
    expect(await renamed.call({ text: "other names" })).toEqual({ score: 3, rationale: "so" });
  });

  test("what cannot be read, or is off the scale, is unreadable: it scores 0 and says so", async () => {
    const unreadable = [
      "nothing",
      "no number",
      "prose",
      "two",
      "three",
      "probabilities",
      "off",
      "another column",
    ];
    for (const text of unreadable) {
      await expect(judge().call({ text }), text).rejects.toThrow(ParseError);
      const { score, feedback } = readScore(await judged(judge())({}, { text }, { trace: [] }));
      expect([score, feedback], text).toEqual([0, expect.stringContaining("could not be read")]);
    }
    const levels = judge({ signature: "text -> score: Literal[1, 2, 3, 4, 5]" });
    expect(await levels.call({ text: "whole" })).toEqual({ score: 4, rationale: "" });
    await expect(levels.call({ text: "number" })).rejects.toThrow(ParseError);
  });

  test("a failure that passes is tried again; one of the model itself is an outage at once", async () => {
    proxy.reset((_, index) => (index === 0 ? 503 : index === 1 ? "refuse" : "pass"));
    expect(await judge().call({ text: "whole" })).toMatchObject({ score: 4 });
    expect(proxy.requests).toHaveLength(3);
    proxy.reset();
    const other = judge({ signature: "reply -> score: float" });
    const failed = await other.call({ reply: "x" }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(UnreachableError);
    expect(String(failed)).toContain("names and types of the inputs: reply");
    expect(proxy.requests).toHaveLength(1);
    proxy.reset(() => "refuse");
    await expect(judge().call({ text: "whole" })).rejects.toThrow(UnreachableError);
    expect(proxy.requests).toHaveLength(3);
  });

  test("a row whose judge cannot be reached is an outage and not a bad answer", async () => {
    const program = new Predict("question -> text", { lm: new FunctionModel(() => '{"text":"because"}') });
    proxy.reset((_, index) => (index < 3 ? 503 : "pass"));
    const rows = Dataset.from([{ question: "a" }, { question: "b" }]);
    const result = await evaluate(program, rows, judged(judge()), { concurrency: 1 });
    expect([result.outages, result.score, result.stopped]).toEqual([1, 1, undefined]);
  });

  test("is the metric of an optimizer without labels, and a journal knows it again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lmframe-judge-"));
    try {
      const lm = new FunctionModel(
        ({ messages }) => JSON.stringify({ text: messages.length > 2 ? "yes, because it is" : "yes" }),
        { name: "shown" },
      );
      const train = Dataset.from([{ question: "a?" }, { question: "b?" }, { question: "c?" }]);
      const val = Dataset.from([{ question: "d?" }, { question: "e?" }]);
      const compile = async (identity: string) => {
        proxy.reset();
        const metric = judged(judge({ identity, token: "t0ken-of-the-judge" }));
        const optimizer = new BootstrapFewShot({ metric, threshold: 0.25 });
        const journal = join(folder, "journal.jsonl");
        return optimizer.compile(new Predict("question -> text", { lm }), { train, val, journal });
      };
      const found = await compile("version 1");
      expect(found.after).toBe(1);
      expect(found.program.predictors().get("self")!.demos.length).toBeGreaterThan(0);
      expect(proxy.requests.length).toBeGreaterThan(3);
      expect(proxy.requests[0]!.authorization).toBe("Bearer t0ken-of-the-judge");
      await compile("version 1");
      expect(proxy.requests).toEqual([]);
      await expect(compile("version 2")).rejects.toThrow(/metric/);
      expect(readFileSync(join(folder, "journal.jsonl"), "utf8")).not.toContain("t0ken");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a judge behind a server that fails", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const start = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    server = createServer((request, response) => {
      request.resume();
      request.on("end", () => answer(request, response));
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const json = (response: ServerResponse, body: unknown, status = 200, headers = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  const once = { ...scoring, retry: { attempts: 1 } } as const;
  const failureOf = (judge: ServedJudge<string>, signal?: AbortSignal) =>
    judge.call({ text: "x" }, { signal }).then(
      () => undefined,
      (error: unknown) => error,
    );

  test("a limit tells how long to wait", async () => {
    const url = await start((_, response) =>
      json(response, { message: "slow" }, 429, { "retry-after": "7" }),
    );
    const failure = await failureOf(new ServedJudge<string>({ url, ...once }));
    expect(failure).toBeInstanceOf(RateLimitError);
    expect(failure).toMatchObject({ retryAfter: 7, status: 429 });
  });

  test("a redirect is not followed", async () => {
    const asked: string[] = [];
    const url = await start((request, response) => {
      asked.push(request.url!);
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    const failure = await failureOf(new ServedJudge<string>({ url: `${url}/judge/invocations/`, ...once }));
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(asked).toEqual(["/judge/invocations"]);
  });

  test("a token is in no error, identity or view of the judge, even where the server repeats it", async () => {
    const url = await start((request, response) =>
      json(
        response,
        { message: `no: ${request.headers.authorization} ${String(request.headers["x-api-key"])}` },
        403,
      ),
    );
    const headers = { "x-api-key": "k3y-x" };
    const judge = new ServedJudge<string>({ url: `${url}?sig=s1gned`, token: "t0ken", headers, ...once });
    const failure = await failureOf(judge);
    expect(failure).toBeInstanceOf(ConfigurationError);
    const metric = judged(judge);
    const edited = judge.with({});
    expect(await failureOf(edited)).toBeInstanceOf(ConfigurationError);
    const shown = [String(failure), inspect(failure), inspect(judge, { depth: 9 }), JSON.stringify(judge)];
    for (const text of [
      ...shown,
      JSON.stringify(programIdentity(judge)),
      JSON.stringify(metricIdentity(metric as never)),
    ])
      expect(text).not.toMatch(/t0ken|k3y|s1gned/);
    expect(JSON.stringify(programIdentity(judge))).toContain(url);
  });

  test("two judges are told apart by address, inputs, scale and columns", () => {
    const url = "http://127.0.0.1:1";
    const identities = [
      new ServedJudge({ url, ...scoring }),
      new ServedJudge({ url: `${url}/other`, ...scoring }),
      new ServedJudge({ url, ...scoring, signature: "answer -> rationale, score: float" }),
      new ServedJudge({ url, ...scoring, range: [0, 5] }),
      new ServedJudge({ url, ...scoring, direction: "lower" }),
      new ServedJudge({ url, ...scoring, columns: { score: "value" } }),
      new ServedJudge({ url, ...scoring, identity: "version 2" }),
    ].map((judge) => JSON.stringify(metricIdentity(judged(judge as never) as never)));
    expect(new Set(identities).size).toBe(identities.length);
    const again = judged(new ServedJudge({ url: `${url}/`, ...scoring, token: "another" }));
    expect(JSON.stringify(metricIdentity(again as never))).toBe(identities[0]);
  });

  test("calls under way at once are bounded; an abort and the time end one", async () => {
    let [inside, most] = [0, 0];
    const url = await start((_, response) => {
      most = Math.max(most, ++inside);
      setTimeout(() => {
        inside--;
        json(response, { predictions: [3] });
      }, 20);
    });
    const judge = new ServedJudge({ url, ...once, limits: { concurrency: 2 } });
    await Promise.all(Array.from({ length: 8 }, () => judge.call({ text: "x" })));
    expect(most).toBe(2);
    server!.close();
    const silent = await start(() => undefined);
    const abort = new AbortController();
    const stopped = failureOf(new ServedJudge<string>({ url: silent, ...once }), abort.signal);
    abort.abort(new Error("enough"));
    expect(String(await stopped)).toContain("enough");
    const late = await failureOf(new ServedJudge<string>({ url: silent, ...once, timeout: 0.05 }));
    expect(late).toBeInstanceOf(UnreachableError);
    expect(String(late)).toContain("within 0.05 s");
  });

  test("a server of another protocol, a wrong address and a row that is refused are told as such", async () => {
    const answers: Record<string, [status: number, body: unknown]> = {
      "/chat": [200, { choices: [] }],
      "/none": [404, { message: "no route" }],
      "/typed": [400, { error_code: "BAD_REQUEST", message: "Failed to enforce schema" }],
    };
    const url = await start(({ url }, response) => {
      const [status, body] = answers[url!.replace("/invocations", "")]!;
      json(response, body, status);
    });
    const at = (path: string) => failureOf(new ServedJudge<string>({ url: `${url}${path}`, ...once }));
    expect(await at("/chat")).toBeInstanceOf(ModelError);
    expect(String(await at("/none"))).toMatch(/ConfigurationError.*is the address right/);
    expect(await at("/typed")).toBeInstanceOf(RefusedError);
    expect(String(await at("/typed"))).toContain("Failed to enforce schema");
  });

  test("settings that cannot be are refused, and passwords in addresses without being repeated", async () => {
    const url = "http://127.0.0.1:1";
    const make = (options: object) => () => new ServedJudge({ url, ...scoring, ...options } as never);
    expect(make({ signature: "text -> score" })).toThrow(/number "score"/);
    expect(make({ signature: "text -> quality: float" })).toThrow(ConfigurationError);
    expect(make({ range: [5, 1] })).toThrow(/range/);
    expect(make({ url: "judge:5000" })).toThrow(/http/);
    expect(make({ url: "http://ana:hidden@127.0.0.1" })).toThrow(/^(?!.*hidden)/s);
    expect(make({ timeout: 0 })).toThrow(/timeout/);
    expect(make({ limits: { concurrency: 0 } })).toThrow(/concurrency/);
    await expect(make({})().call({ texts: "x" })).rejects.toThrow('"text" is missing; did you mean');
  });
});
