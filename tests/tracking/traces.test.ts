import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { traced, tracedStream } from "../../src/core/index.ts";
import type { LMRequest, LMResponse } from "../../src/lm/request.ts";
import { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";
import { mlflow, startTracing, sync, type Tracing } from "../../src/tracking/index.ts";
import { realMlflow } from "./real-mlflow.ts";
import {
  assessmentsOf as assessmentsOfTrace,
  spansOf as spansOfTrace,
  type StoredSpan,
  tracesOf,
} from "./stored-traces.ts";

const server = realMlflow();
const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
let tracing: Tracing | undefined;

beforeEach(() => warnings.mockClear());
afterEach(async () => {
  await tracing?.stop();
  tracing = undefined;
  vi.unstubAllEnvs();
});

const storedTraces = () => tracesOf(server);
const spansOf = (traceId: string) => spansOfTrace(server, traceId);
const assessmentsOf = (traceId: string) => assessmentsOfTrace(server, traceId);

const request: LMRequest = {
  messages: [
    { role: "system", content: "Classify." },
    { role: "user", content: "Lost my bag; my key is sk-abcdefghijklmnopqrstuv" },
  ],
  temperature: 0.5,
};
const response: LMResponse = {
  model: "test-model-2",
  choices: [{ text: "negative", toolCalls: [], finishReason: "stop" }],
  usage: { inputTokens: 12, outputTokens: 3, cachedTokens: 0, reasoningTokens: 0 },
  cost: 0.5,
  seconds: 0.1,
  cached: false,
};

/** A call of a program that asks a model twice. */
function callProgram(text: string): Promise<string> {
  return traced("module", "Classify", { text }, async (span) => {
    if (span) span.attributes.path = "classify";
    for (let index = 0; index < 2; index++) {
      await traced("model", "test-model", request, async (model) => {
        await pause(1);
        Object.assign(model?.attributes ?? {}, { usage: response.usage, cost: 0.5, model: "test-model-2" });
        return response;
      });
    }
    return `answer to ${text}`;
  });
}

test("a call is a trace: spans nested, conversation, tokens and cost, secrets taken out", async () => {
  tracing = startTracing();
  await callProgram("Lost my bag");
  await tracing.flush();
  const [trace, ...more] = await storedTraces();
  expect(more).toEqual([]);
  expect(trace).toMatchObject({ state: "OK" });
  expect(JSON.parse(trace!.trace_metadata["mlflow.trace.tokenUsage"]!)).toMatchObject({
    input_tokens: 24,
    output_tokens: 6,
  });
  const spans = await spansOf(trace!.trace_id);
  expect(spans).toHaveLength(3);
  const root = spans.find((span) => !span.parent_span_id)!;
  expect(root).toMatchObject({ name: "Classify" });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON of any shape
  const read = (span: StoredSpan, name: string): any => JSON.parse(span.attributes[name] as string);
  expect(read(root, "mlflow.spanType")).toBe("CHAIN");
  expect(read(root, "mlflow.spanInputs")).toEqual({ text: "Lost my bag" });
  expect(read(root, "mlflow.spanOutputs")).toBe("answer to Lost my bag");
  const models = spans.filter((span) => span !== root);
  expect(models.map(({ parent_span_id }) => parent_span_id)).toEqual([root.span_id, root.span_id]);
  const [model] = models;
  expect(read(model!, "gen_ai.operation.name")).toBe("chat");
  expect(read(model!, "gen_ai.request.model")).toBe("test-model");
  expect(read(model!, "gen_ai.response.model")).toBe("test-model-2");
  expect(read(model!, "gen_ai.usage.input_tokens")).toBe(12);
  expect(read(model!, "gen_ai.request.temperature")).toBe(0.5);
  expect(read(model!, "mlflow.spanType")).toBe("CHAT_MODEL");
  expect(read(model!, "mlflow.spanInputs").messages).toEqual([
    { role: "system", content: "Classify." },
    { role: "user", content: "Lost my bag; my key is [redacted]" },
  ]);
  expect(read(model!, "mlflow.spanOutputs").choices[0].message.content).toBe("negative");
});

test("1,000 calls at once keep their parents right", async () => {
  tracing = startTracing();
  await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      traced("module", `root ${index}`, { index }, async () => {
        await pause(Math.random() * 5);
        await Promise.all(
          ["a", "b"].map((name) =>
            traced("tool", `${name} of ${index}`, {}, async () => {
              await pause(Math.random() * 5);
            }),
          ),
        );
      }),
    ),
  );
  await tracing.flush();
  const traces = await storedTraces();
  expect(traces).toHaveLength(1000);
  expect(traces.every(({ state }) => state === "OK")).toBe(true);
  for (const { trace_id } of traces.filter((_, index) => index % 50 === 0)) {
    const spans = await spansOf(trace_id);
    const root = spans.find((span) => !span.parent_span_id)!;
    const index = root.name.slice("root ".length);
    const children = spans.filter((span) => span.parent_span_id === root.span_id);
    expect(children.map(({ name }) => name).sort()).toEqual([`a of ${index}`, `b of ${index}`]);
  }
});

test("a row is a trace of its own, a failure is its error, and a stream ends with its last chunk", async () => {
  tracing = startTracing();
  await traced("evaluation", "evaluate", {}, async () => {
    await traced("row", "row 1", { row: 1 }, () => callProgram("one"));
    await traced("row", "row 2", { row: 2 }, async () => {
      for await (const _ of tracedStream("module", "Stream", {}, async function* () {
        yield 1;
        await pause(2);
        return "end";
      })) {
        // Each chunk is only waited for.
      }
      throw new TypeError("cannot read; Bearer abcdefgh12345678");
    }).catch(() => undefined);
  });
  await tracing.flush();
  const traces = await storedTraces();
  const roots = new Map<string, { state: string; spans: StoredSpan[] }>();
  for (const { trace_id, state } of traces) {
    const spans = await spansOf(trace_id);
    roots.set(spans.find((span) => !span.parent_span_id)!.name, { state, spans });
  }
  expect([...roots.keys()].sort()).toEqual(["evaluate", "row 1", "row 2"]);
  expect(roots.get("row 1")).toMatchObject({ state: "OK", spans: { length: 4 } });
  expect(roots.get("row 2")).toMatchObject({ state: "ERROR", spans: { length: 2 } });
  const failed = roots.get("row 2")!.spans.find(({ name }) => name === "row 2")!;
  expect(failed.status.message).toBe("cannot read; Bearer [redacted]");
});

test("traces of a run are listed under it, its experiment being theirs", async () => {
  tracing = startTracing({ experiment: "somewhere else" });
  const done = await mlflow.run("traced run", async () => {
    await callProgram("within");
  });
  await tracing.flush();
  const traces = await storedTraces();
  expect(traces).toHaveLength(1);
  const found = (await (
    await fetch(`${server.uri}/api/3.0/mlflow/traces/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        locations: [
          {
            type: "MLFLOW_EXPERIMENT",
            mlflow_experiment: { experiment_id: await server.client.findExperiment(server.experiment) },
          },
        ],
        filter: `attributes.run_id = '${done.runId}'`,
      }),
    })
  ).json()) as { traces?: { trace_id: string }[] };
  expect(found.traces?.map(({ trace_id }) => trace_id)).toEqual(traces.map(({ trace_id }) => trace_id));
});

test("the server away: traces wait with the run they are of, one warning, and sync sends each once", async () => {
  server.proxy.reset(() => 503);
  tracing = startTracing();
  const done = await mlflow.run("away", () => callProgram("first"));
  await tracing.flush();
  await callProgram("second");
  await tracing.stop();
  expect(done.spooled).toBe(true);
  expect(warnings.mock.calls.filter(([text]) => String(text).includes("traces wait on disk"))).toHaveLength(
    1,
  );
  server.proxy.reset();
  expect((await sync()).waiting).toEqual([]);
  expect(await storedTraces()).toHaveLength(2);
  expect(server.spooled()).toEqual([]);
});

test("sampling keeps whole traces or none, and redact decides what leaves", async () => {
  tracing = startTracing({ sample: 0 });
  await callProgram("unseen");
  await tracing.stop();
  expect(await server.client.findExperiment(server.experiment)).toBeUndefined();
  tracing = startTracing({ redact: () => "private" });
  await callProgram("seen");
  await tracing.stop();
  await callProgram("after the stop");
  const [trace, ...more] = await storedTraces();
  expect(more).toEqual([]);
  const spans = await spansOf(trace!.trace_id);
  expect(spans).toHaveLength(3);
  expect(JSON.stringify(spans)).not.toMatch(/seen|negative|Lost my bag/);
  expect(() => startTracing({ sample: 2 })).toThrow(/invalid sample: 2/);
});

test("an OpenTelemetry endpoint of the environment comes first, with its headers", async () => {
  const arrived: { url: string | undefined; key: unknown; body: Buffer }[] = [];
  const collector = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      arrived.push({ url: request.url, key: request.headers["x-key"], body: Buffer.concat(pieces) });
      response.end();
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  vi.stubEnv(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    `http://127.0.0.1:${(collector.address() as AddressInfo).port}/base/`,
  );
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret%20value,other=1");
  tracing = startTracing();
  await callProgram("to the collector");
  await tracing.stop();
  collector.close();
  expect(arrived).toMatchObject([{ url: "/base/v1/traces", key: "secret value" }]);
  expect(arrived[0]!.body.includes("to the collector")).toBe(true);
  expect(server.proxy.requests).toEqual([]);
});

/** A call of a program that gives an object, as programs do. */
function answer(text: string): Promise<{ text: string }> {
  return traced("module", "Answer", { text }, async () => ({ text }));
}

test("people, judges and metrics put judgements on the trace of an answer", async () => {
  const before = await answer("untraced");
  tracing = startTracing();
  const [one, two] = await Promise.all([answer("one"), answer("two")]);
  await mlflow.assess(one, { name: "helpful", value: false, by: { person: "ann" }, rationale: "too short" });
  await mlflow.assess(one, { name: "label", value: "bad", by: { person: "ann" }, expectation: true });
  await mlflow.assess(mlflow.traceOf(two)!, { name: "relevance", value: 4, by: { judge: "judge-model" } });
  expect(mlflow.traceOf(one)).not.toBe(mlflow.traceOf(two));
  expect(await assessmentsOf(mlflow.traceOf(two)!)).toMatchObject([
    { assessment_name: "relevance", feedback: { value: 4 }, source: { source_type: "LLM_JUDGE" } },
  ]);
  const judged = await assessmentsOf(mlflow.traceOf(one)!);
  expect(judged.sort((a, b) => (a.assessment_name < b.assessment_name ? -1 : 1))).toMatchObject([
    {
      assessment_name: "helpful",
      feedback: { value: false },
      rationale: "too short",
      source: { source_type: "HUMAN", source_id: "ann" },
    },
    { assessment_name: "label", expectation: { value: "bad" }, source: { source_type: "HUMAN" } },
  ]);
  expect(mlflow.traceOf(before)).toBeUndefined();
  await expect(mlflow.assess(before, { name: "x", value: 1, by: { person: "ann" } })).rejects.toThrow(
    /has no trace.*startTracing/s,
  );
});

test("an evaluation's scores are judgements on its rows' traces", async () => {
  tracing = startTracing();
  const rows = Dataset.from([
    { text: "a", label: "bad" },
    { text: "b", label: "good" },
  ]);
  const lm = new FunctionModel(() => '{"label": "bad"}');
  const result = await evaluate(new Predict("text -> label"), rows, exactMatch("label"), { lm });
  expect(await mlflow.assessEvaluation(result)).toBe(2);
  const traces = [...result.rows].map(({ outputs }) => mlflow.traceOf(outputs!)!);
  const judged = await Promise.all(traces.map(assessmentsOf));
  expect(judged.map(([only]) => only!.feedback!.value)).toEqual([1, 0]);
  expect(judged[1]).toMatchObject([
    { assessment_name: result.subject.metric, source: { source_type: "CODE" }, rationale: expect.anything() },
  ]);
});

test("the traces of a conversation are grouped, those of others at the same time are not", async () => {
  tracing = startTracing();
  await Promise.all([
    mlflow.withSession({ id: "chat 1", user: "ann" }, async () => {
      await answer("first of 1");
      await answer("second of 1");
    }),
    mlflow.withSession("chat 2", () => answer("of 2")),
    answer("of none"),
  ]);
  await tracing.flush();
  const metadata = (await storedTraces()).map(({ trace_metadata }) => [
    trace_metadata["mlflow.trace.session"],
    trace_metadata["mlflow.trace.user"],
  ]);
  expect(metadata.sort()).toEqual([
    [undefined, undefined],
    ["chat 1", "ann"],
    ["chat 1", "ann"],
    ["chat 2", undefined],
  ]);
});
